import { counted } from '../text.ts';
import { describe } from './kinds.ts';
import type { Leftover, Step } from './steps.ts';

const NAMES_SHOWN = 4;

/** A step with what was found for it before anything was done. */
export interface PlannedStep {
  readonly title: string;
  readonly objects: readonly string[];
}

export function planned(step: Step, leftovers: readonly Leftover[]): PlannedStep {
  return {
    title: step.title,
    objects: leftovers.map(({ resource, object }) => describe(resource, object.metadata)).toSorted(),
  };
}

/** What will be done, in its order, and what stays. */
export function renderPlan(steps: readonly PlannedStep[], server: string): readonly string[] {
  const width = String(steps.length).length;
  return [
    `Removing Molecule Operator from ${server}, in this order:`,
    ...steps.map(({ title, objects }, index) => {
      const number = String(index + 1).padStart(width + 2);
      return `${number}. ${title}: ${summarise(objects)}`;
    }),
    '',
    'What stays: every volume of an agent with its data, labels and annotations, and the namespace molecule-system with the ledger.',
    'What goes: all agents, and every Org, Workspace, TemplateAsset and ApprovalRequest. Save them first if they are not in Git:',
    '  kubectl get orgs,workspaces,templateassets -A -o yaml > molecule.yaml',
  ];
}

function summarise(objects: readonly string[]): string {
  if (objects.length === 0) return 'nothing to do';
  const shown = objects.slice(0, NAMES_SHOWN).join(', ');
  const rest = objects.length - NAMES_SHOWN;
  return rest > 0 ? `${counted(objects.length, 'object')} (${shown} and ${rest} more)` : shown;
}
