/** The gateway: the only place where layers meet in production. */
export type * from './api.ts'
