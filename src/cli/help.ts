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

  assets: `
Examples:
  kubectl molecule assets ws/writer                    revision, digest, volume, Pod, card, and single paths
  kubectl molecule assets ws/writer -o json | jq '.kept[].path'
  kubectl molecule assets ws/writer -o json | jq .unproven
  kubectl molecule assets ws/writer --diff > edits.patch
  kubectl molecule assets ws/writer --restore prompts/system.md

What somebody edited where the template's files belong is moved aside at the next start, and kept. --diff shows it as a patch for
the template's repository, --restore puts it back until the start after. Both run the program of the agent's init container in a
Pod of their own, beside a Pod of the agent, which takes the rights to create, list, watch and delete pods and to get pods/log.
${EXIT_CODES}
            0 also when the volume does not hold what the template publishes.`,

  rollback: `
Examples:
  kubectl molecule rollback ta/writer --to previous
  kubectl molecule rollback ta/writer --to a1b2c3d4 --wait
  kubectl molecule rollback ta/writer --to 8c6f1d2e3a4b5c6d7e8f90a1b2c3d4e5f6071829

Sets spec.source.ref to that commit, so that no branch is followed any more; how to follow it again is printed. Agents get the files
as spec.rollout says. What was delivered before is in status.history; any other commit of the repository has to be whole.
${EXIT_CODES}
            1 also when the revision is not known, or not delivered in time.`,

  approvals: `
Examples:
  kubectl molecule approvals list                      what waits, the oldest first
  kubectl molecule approvals list -A --all -o wide
  kubectl molecule approvals show apr-0123456789abcdef0123
  kubectl molecule approvals approve apr-0123456789abcdef0123 --hash 9f86d081884c
  kubectl molecule approvals deny apr-0123456789abcdef0123 --reason 'still needed'

What is approved is the record that show prints, and its hash stands for it. Nobody may approve what they asked for. A
decision is final; the same one once more is fine.
${EXIT_CODES}
            1 also when somebody decided otherwise before.`,

  delete: `
Examples:
  kubectl molecule delete ws/writer --reason 'project is over'
  kubectl molecule delete ws/writer --reason 'project is over' --wait --timeout 8h
  kubectl molecule delete ta/writer --reason 'replaced' -o json

Asks for an approval, or joins who asked before. Nothing is deleted before somebody else has approved; then the same command
deletes. With --wait it does all of that by itself. Whoever ends it leaves the request as it is.
${EXIT_CODES}
            1 also when the deletion was denied, 3 also when nobody decided in time.`,

  plan: `
Examples:
  kubectl molecule plan delete ws/writer
  kubectl molecule plan delete org -o json | jq '.losses[].claimName'

Nothing is changed and nobody is asked. It reads with your rights; what you may not read is said.
${EXIT_CODES}`,

  audit: `
Examples:
  LEDGER_URL=postgres://... kubectl molecule audit verify
  kubectl molecule audit verify -o json | jq .fault

Nothing is changed. Prefer LEDGER_URL to --url, because arguments show in process lists. The end of the chain is compared with
what the cluster remembers of it, where you may read that.
${EXIT_CODES}
            1 also when the audit is not intact.`,

  restore: `
Examples:
  kubectl molecule restore --list                      the volumes that are kept, and until when
  kubectl molecule restore --list -A -o json | jq '.items[].keptUntil'
  kubectl molecule restore ws/writer --wait            the Workspace as it was, with its data
  kubectl molecule restore writer --incarnation 3f0c6a8e-…

It takes the verb restore on workspaces. A Workspace that exists keeps its name; nothing is ever overwritten.
${EXIT_CODES}
            1 also when the Workspace is refused, not ready in time, or cannot become it.`,

  doctor: `
Examples:
  kubectl molecule doctor
  kubectl molecule doctor -n acme                      only the Org and the TemplateAssets of acme
  kubectl molecule doctor -o json | jq '.findings[] | select(.verdict != "ok")'

Nothing is changed. What you may not read is unknown, which is not the same as fine.
${EXIT_CODES}
            1 also when a check failed; 0 with warnings and unknowns.`,

  uninstall: `
Examples:
  kubectl molecule uninstall --keep-data --dry-run
  kubectl molecule uninstall --keep-data               shows what it will do, and asks
  kubectl molecule uninstall --keep-data --yes -o json

Agents end; every Org, Workspace, TemplateAsset and ApprovalRequest goes; volumes and the namespace molecule-system with the
ledger stay. The timeout is that of each step. After an interruption the same command goes on.
${EXIT_CODES}`,

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
