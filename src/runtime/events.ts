import { hostname } from 'node:os';
import { API_VERSION } from '../apis/v1alpha1/names.ts';
import type { KubeClient } from '../kube/client.ts';
import { isAlreadyExists } from '../kube/errors.ts';
import type { KubeObject, Resource } from '../kube/objects.ts';
import { canonicalJson, sha256Hex } from '../platform/digest.ts';
import { coerceError } from '../platform/errors.ts';
import type { Logger } from '../platform/log.ts';
import type { Clock } from './clock.ts';
import type { EventEffect } from './plan.ts';

/** Tells people what happened. Never fails a pass: an Event that cannot be written is logged. */
export interface EventSink {
  emit(event: EventEffect, signal: AbortSignal): Promise<void>;
}

const EVENTS: Resource = { group: 'events.k8s.io', version: 'v1', plural: 'events', kind: 'Event', namespaced: true };
const MAX_NOTE_BYTES = 1024;

/** Events under names that follow from their content: saying the same thing about the same object again is one Event. */
export function createEventSink(options: {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Logger;
}): EventSink {
  const { client, clock, log } = options;
  return {
    emit: async (event, signal) => {
      const { regarding, type, reason, action } = event;
      const note = truncate(event.note);
      const identity = sha256Hex(canonicalJson({ regarding, reason, action, note })).slice(0, 16);
      const object = {
        apiVersion: 'events.k8s.io/v1',
        kind: 'Event',
        metadata: { name: `${regarding.name.slice(0, 200)}.${identity}`, namespace: regarding.namespace },
        // metav1.MicroTime demands six digits.
        eventTime: clock.now().toISOString().replace('Z', '000Z'),
        reportingController: `${API_VERSION.split('/')[0]}/operator`,
        reportingInstance: hostname(),
        type,
        reason,
        action,
        note,
        regarding,
      } satisfies KubeObject & Record<string, unknown>;
      try {
        await client.create(EVENTS, object, { fieldManager: 'molecule-operator-events', signal });
      } catch (error) {
        if (signal.aborted || isAlreadyExists(error)) return;
        log.warn({ reason: coerceError(error).message, event: reason }, 'Cannot write an Event');
      }
    },
  };
}

/** Cut between characters: half of one would come back as three bytes. */
function truncate(note: string): string {
  const bytes = Buffer.from(note);
  if (bytes.length <= MAX_NOTE_BYTES) return note;
  return new TextDecoder().decode(bytes.subarray(0, MAX_NOTE_BYTES), { stream: true });
}
