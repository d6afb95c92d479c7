import { CONDITIONS } from '../../apis/v1alpha1/conditions.ts';
import { TEMPLATE_ASSETS } from '../../apis/v1alpha1/resources.ts';
import type { TemplateAsset } from '../../apis/v1alpha1/types.generated.ts';
import { listAll } from '../list-all.ts';
import { type Found, find } from '../read-object.ts';
import { conditionOf, explain } from '../standing.ts';
import { counted } from '../text.ts';
import { failed, forbidden, orOk, type Problem, warning } from './finding.ts';
import type { DoctorSource } from './source.ts';

export function readTemplates({ client, namespace, signal }: DoctorSource): Promise<Found<readonly TemplateAsset[]>> {
  return find(
    listAll<TemplateAsset>(client, TEMPLATE_ASSETS, { signal, ...(namespace === undefined ? {} : { namespace }) }),
  );
}

/** Whether each source can be reached is what the operator says about it. */
export function judgeTemplates(found: Found<readonly TemplateAsset[]>): readonly Problem[] {
  if (found.kind === 'unreadable') return [forbidden(found.message)];
  const assets = found.kind === 'found' ? found.value : [];
  return orOk(assets.flatMap(judgeTemplate), `${counted(assets.length, 'TemplateAsset')} with files to deliver`);
}

function judgeTemplate(asset: TemplateAsset): readonly Problem[] {
  const { namespace, name } = asset.metadata;
  const condition = conditionOf(asset, CONDITIONS.artifactReady);
  if (condition?.status === 'True') return [];
  const said = condition === undefined ? 'the operator has not seen it' : explain(condition);
  const todo = `kubectl molecule status ta/${name} -n ${namespace}`;
  const message = `TemplateAsset ${namespace}/${name}: ${said}`;
  // With an earlier revision in hand agents go on; without one they do not start.
  return [asset.status?.artifact === undefined ? failed(message, todo) : warning(message, todo)];
}
