/** The word with which scripts ask what may stand in a place. kubectl's own plugins use the same. */
export const ASK = '__complete';

/** What the answer ends with: the shell adds files, or it does not. The numbers are kubectl's. */
export const DIRECTIVES = { files: ':0', noFiles: ':4' } as const;

/** What `completion` can print, by the word that asks for it. */
export const SCRIPTS = {
  kubectl: `#!/bin/sh
# Called by kubectl to complete "kubectl molecule ...". To be found on the PATH as kubectl_complete-molecule.
exec kubectl-molecule ${ASK} "$@"
`,

  bash: `# Completes the program by its own name: source <(kubectl molecule completion bash)
_kubectl_molecule() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    case $line in
      ${DIRECTIVES.files}) compopt -o default ;;
      :*) ;;
      *) COMPREPLY+=("\${line%%$'\\t'*}") ;;
    esac
  done < <(kubectl-molecule ${ASK} "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _kubectl_molecule kubectl-molecule
`,

  zsh: `#compdef kubectl-molecule
# Completes the program by its own name: source <(kubectl molecule completion zsh)
_kubectl_molecule() {
  local line
  local -a found
  for line in "\${(@f)$(kubectl-molecule ${ASK} "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    case $line in
      ${DIRECTIVES.files}) _files ;;
      :*|'') ;;
      *) found+=("\${\${line//:/\\\\:}/$'\\t'/:}") ;;
    esac
  done
  (( \${#found} )) && _describe 'kubectl molecule' found
}
compdef _kubectl_molecule kubectl-molecule
`,

  fish: `# Completes the program by its own name: kubectl molecule completion fish | source
function __kubectl_molecule_complete
    set -l words (commandline -opc) (commandline -ct)
    for line in (kubectl-molecule ${ASK} $words[2..-1] 2>/dev/null)
        switch $line
            case '${DIRECTIVES.files}'
                __fish_complete_path (commandline -ct)
            case ':*'
            case '*'
                echo $line
        end
    end
end
complete -c kubectl-molecule -f -a '(__kubectl_molecule_complete)'
`,
} as const;

export type ScriptName = keyof typeof SCRIPTS;
