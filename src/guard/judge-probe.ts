import type { TransportResponse } from '../kube/transport.ts';
import { INSTALL_AGAIN } from './compare-policies.ts';
import type { Probe } from './probes.ts';
import { SHIPPED } from './shipped.generated.ts';

export type ProbeVerdict =
  | { readonly kind: 'refused' }
  /** Let in, or kept out by something that does not stand in other people's way. */
  | { readonly kind: 'open'; readonly route: string }
  /** The apiserver has not judged it, which says nothing about the policies. */
  | { readonly kind: 'unanswered'; readonly message: string };

/**
 * A policy is asked only about requests that RBAC allows and that are valid. So its refusal proves all of it; any other refusal
 * proves nothing, because somebody with more rights may get further.
 */
export function judgeProbe(
  { route }: Pick<Probe, 'route'>,
  { code, text }: Pick<TransportResponse, 'code' | 'text'>,
): ProbeVerdict {
  if (code < 300) return { kind: 'open', route: `Whoever has the rights can ${route}: ${INSTALL_AGAIN}` };
  if ([401, 404, 409, 429].includes(code) || code >= 500)
    return { kind: 'unanswered', message: `The apiserver answered with HTTP ${code}` };
  const refusedBy = /ValidatingAdmissionPolicy '([^']+)' with binding/.exec(messageOf(text))?.[1];
  if (SHIPPED.some(({ name }) => name === refusedBy)) return { kind: 'refused' };
  return {
    kind: 'open',
    route: `It cannot be told whether somebody can ${route}, because no policy of ours was asked: ${INSTALL_AGAIN}`,
  };
}

function messageOf(text: string): string {
  try {
    const status: unknown = JSON.parse(text);
    return typeof status === 'object' && status !== null && 'message' in status ? String(status.message) : '';
  } catch {
    // A page of something in between: no policy said this.
    return '';
  }
}
