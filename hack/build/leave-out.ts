import type { Plugin } from 'esbuild';

/**
 * Replaces modules that one package imports by stand-ins that throw, by name, as soon as anything of them is used. For code
 * that is never reached by us; should it be reached one day, the error says which module was left out.
 */
export function leaveOut(options: { readonly from: string; readonly modules: RegExp }): Plugin {
  const namespace = 'left-out';
  return {
    name: namespace,
    setup(build) {
      build.onResolve({ filter: options.modules }, ({ importer, path }) =>
        importer.includes(`/node_modules/${options.from}/`) ? { path, namespace } : undefined,
      );
      build.onLoad({ filter: /.*/, namespace }, ({ path }) => ({ contents: standIn(path), loader: 'js' }));
    },
  };
}

function standIn(module: string): string {
  const message = JSON.stringify(`Cannot use ${module}: it was left out of this bundle (hack/build.ts)`);
  return `
    const refuse = () => { throw new Error(${message}); };
    const standIn = new Proxy(function () {}, { apply: refuse, construct: refuse, get: (_, name) => (name === '__esModule' ? true : standIn) });
    module.exports = standIn;`;
}
