/**
 * undici's request, in a module of its own so that it can be imported on demand: it takes 13 MB, which an operator without
 * TemplateAssets need not pay. (A bundler gives a CommonJS package that is imported on demand no named exports.)
 */
export { request } from 'undici';
