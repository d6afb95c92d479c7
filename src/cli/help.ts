import { EXIT_CODES } from './options.ts';

/** What --help says after the options of each command: examples, and what its words mean. */
export const HELP = {
  tree: `
Examples:
  kubectl molecule tree
  kubectl molecule tree -n acme -o wide
  kubectl molecule tree -A -o json | jq '.items[].root.state'

States:
  Ready        works on the files its template says
  Progressing  is being changed
  Waiting      waits for something outside; the message says for what
  Failed       only a changed object helps; the message says what to change
  Deleting, Suspended, Missing, Unknown
${EXIT_CODES}
            0 also when agents are not ready.`,

  status: `
Examples:
  kubectl molecule status writer                       the same as ws/writer
  kubectl molecule status ws/writer -n acme -o wide
  kubectl molecule status ta/writer
  kubectl molecule status org -o json | jq -r .next.command

The arrow marks the link that the object waits for. Nothing is changed; what you may not read is said.
${EXIT_CODES}
            0 also when the object is not ready.`,

  sync: `
Examples:
  kubectl molecule sync ta/writer --wait               look for a new revision now
  kubectl molecule sync writer --wait --timeout 90s
  kubectl molecule sync org -o json

An agent gets the files of a new revision as the TemplateAsset's spec.rollout says; sync restarts nothing.
${EXIT_CODES}
            1 also when the object is not ready in time, or cannot become it.`,

  doctor: `
Examples:
  kubectl molecule doctor
  kubectl molecule doctor -n acme                      only the Org and the TemplateAssets of acme
  kubectl molecule doctor -o json | jq '.findings[] | select(.verdict != "ok")'

Nothing is changed. What you may not read is unknown, which is not the same as fine.
${EXIT_CODES}
            1 also when a check failed; 0 with warnings and unknowns.`,

  completion: `
Examples:
  kubectl molecule completion kubectl > ~/bin/kubectl_complete-molecule && chmod +x ~/bin/kubectl_complete-molecule
  source <(kubectl molecule completion bash)
  source <(kubectl molecule completion zsh)
  kubectl molecule completion fish | source

The first makes kubectl's own completion go on behind "kubectl molecule"; any directory of the PATH will do. The others
complete the program by its own name, kubectl-molecule.
${EXIT_CODES}`,
} as const;
