#!/bin/sh
# Prints facts about a Git repository. Reads only. Usage: facts.sh [directory]
set -eu
cd "${1:-.}"

if ! git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
  echo "facts.sh: $(pwd) is not a Git repository" >&2
  exit 1
fi

echo "# $(basename "$(git rev-parse --show-toplevel)")"
echo "commits: $(git rev-list --count HEAD)   files: $(git ls-files | wc -l)   last change: $(git log -1 --format=%cs)"

echo
echo "## Files by extension"
git ls-files | sed -n 's/.*\.\([A-Za-z0-9]\{1,8\}\)$/\1/p' | sort | uniq -c | sort -rn | head -8

echo
echo "## Changed most often in the last 200 commits"
git log -200 --name-only --format= | sed '/^$/d' | sort | uniq -c | sort -rn | head -8

echo
echo "## How it is built"
for file in Makefile package.json pyproject.toml go.mod Cargo.toml pom.xml build.gradle Dockerfile Containerfile; do
  if [ -f "$file" ]; then echo "$file"; fi
done
if [ -f Makefile ]; then
  echo
  echo "## Make targets"
  sed -n 's/^\([a-zA-Z0-9_-]\{1,\}\):.*/\1/p' Makefile | sort -u | head -20
fi
