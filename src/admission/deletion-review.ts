import { z } from 'zod';

/** What the webhook needs to know of one DELETE. */
export interface DeletionReview {
  /** Of the review; the answer repeats it. */
  readonly id: string;
  readonly isDryRun: boolean;
  readonly userName: string;
  /** uid of the object that is to be deleted. */
  readonly objectUID: string;
}

/** As the apiserver sends it: of a deletecollection one for each object. A name with a NUL is one that no database takes. */
const schema = z.object({
  apiVersion: z.literal('admission.k8s.io/v1'),
  kind: z.literal('AdmissionReview'),
  request: z.object({
    uid: z.string().min(1).max(128),
    operation: z.literal('DELETE'),
    dryRun: z.boolean().optional(),
    userInfo: z.object({
      username: z
        .string()
        .min(1)
        .max(1024)
        .refine((name) => !name.includes('\0')),
    }),
    oldObject: z.object({ metadata: z.object({ uid: z.uuid() }) }),
  }),
});

/** Undefined for anything but the review of a DELETE. */
export function decodeDeletionReview(body: unknown): DeletionReview | undefined {
  const decoded = schema.safeParse(body);
  if (!decoded.success) return undefined;
  const { uid, dryRun = false, userInfo, oldObject } = decoded.data.request;
  return { id: uid, isDryRun: dryRun, userName: userInfo.username, objectUID: oldObject.metadata.uid };
}

/** Always allows: what a deletion may do is decided by policies and at the finalizer, never here. */
export function encodeAnswer({ id }: DeletionReview, warnings: readonly string[]): object {
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: { uid: id, allowed: true, ...(warnings.length === 0 ? {} : { warnings }) },
  };
}
