import { canonicalJson, isRefusal, refuse, toProblem, type Refusal } from '#core'
import type { FastifyError, FastifyReply } from 'fastify'
import type { Problem } from './api.ts'

export const problemType = 'application/problem+json'

/** RFC 9457 details of a refusal, with the journal index where the gateway named one. */
export function problemOf(refusal: Refusal, instance?: string): Problem {
  const problem = toProblem(refusal, instance)
  const index = refusal.meta['journalIndex']
  return index !== undefined && /^\d{1,15}$/.test(index)
    ? { ...problem, journalIndex: parseInt(index, 10) }
    : problem
}

/** Sends a refusal as the answer. */
export function sendRefusal(
  request: { readonly url: string },
  reply: FastifyReply,
  refusal: Refusal,
): FastifyReply {
  const problem = problemOf(refusal, request.url)
  if (problem.retryable) void reply.header('retry-after', '1')
  return reply
    .code(problem.status)
    .header('content-type', problemType)
    .serializer((value: Problem) => canonicalJson(value))
    .send(problem)
}

/** A whole HTTP/1.1 answer as text, for sockets on which no request was understood. */
export function rawProblem(refusal: Refusal): string {
  const problem = problemOf(refusal)
  const body = canonicalJson(problem)
  return [
    `HTTP/1.1 ${problem.status} ${problem.title}`,
    `content-type: ${problemType}`,
    `content-length: ${Buffer.byteLength(body)}`,
    'x-content-type-options: nosniff',
    'connection: close',
    '',
    body,
  ].join('\r\n')
}

/** The refusal behind an error that reached the framework. What is not expected becomes `internal`, without its text. */
export function refusalOf(error: FastifyError | RefusalError): Refusal {
  if (error instanceof RefusalError) return error.refusal
  if (error.validation !== undefined)
    return refuse(error.validationContext === 'body' ? 'json-shape' : 'query-invalid', error.message)
  return isRefusal(error) ? error : (frameworkRefusal(error) ?? internal)
}

const internal = refuse('internal', 'The gateway could not answer')

function frameworkRefusal(error: FastifyError): Refusal | undefined {
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return refuse('limit-bytes', 'The body is longer than this server accepts')
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return refuse('media-type-unsupported', 'Commands are sent as application/json')
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return refuse('http-malformed', 'Content-Length and the body disagree')
    case 'FST_ERR_BAD_URL':
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return refuse('http-malformed', 'The path is not valid')
    default:
      return error.statusCode !== undefined && error.statusCode < 500
        ? refuse('http-malformed', 'The request is not valid')
        : undefined
  }
}

/** Carries a refusal through code of the framework, which knows only thrown errors. */
export class RefusalError extends Error {
  override readonly name = 'Server.RefusalError'
  readonly refusal: Refusal
  constructor(refusal: Refusal) {
    super(refusal.detail)
    this.refusal = refusal
  }
}
