/** Also the provisioner's name: volumes carry it, so that each provisioner keeps to its own. */
export const STORAGE_CLASS_NAME = 'molecule-local';

export const STORAGE_CLASS = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: {
    name: STORAGE_CLASS_NAME,
    annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' },
  },
  provisioner: STORAGE_CLASS_NAME,
  reclaimPolicy: 'Delete',
  // One node: there is nothing to wait for.
  volumeBindingMode: 'Immediate',
} as const;
