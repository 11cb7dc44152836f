/** The words of the HTTP API. Types only: nothing of the server is in the console. */
export type * from '../../src/server/api.ts'
