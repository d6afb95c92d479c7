import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import * as z from 'zod';

const usersSchema = z.object({
  users: z
    .array(z.object({ name: z.string(), user: z.object({ tokenFile: z.string().optional() }).nullish() }))
    .nullish(),
});

/**
 * Absolute paths of the `tokenFile` members of a kubeconfig, by user name. The kubeconfig library leaves that member out,
 * and a request without a token is one from system:anonymous.
 */
export function readTokenFiles(kubeconfig: string): ReadonlyMap<string, string> {
  const { users } = usersSchema.parse(parse(readFileSync(kubeconfig, 'utf8')));
  const found = new Map<string, string>();
  for (const { name, user } of users ?? []) {
    if (user?.tokenFile !== undefined) found.set(name, resolve(dirname(kubeconfig), user.tokenFile));
  }
  return found;
}
