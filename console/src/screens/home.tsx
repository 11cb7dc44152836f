import { Fragment, type JSX } from 'preact'
import { timeText } from '../format.ts'
import { Mark } from '../parts/mark.tsx'
import { Loading, TroubleBox } from '../parts/notice.tsx'
import { useResource } from '../resource.ts'
import { journalPath, tradesPath } from '../route.ts'
import type { FixSession, Health, Identity, LogState, Page, Policy, Trade } from '../types.ts'
import { Topology } from './topology.tsx'

const stateReadMs = 3_000

export function Home({ identity }: { identity: Identity | undefined }): JSX.Element {
  const health = useResource<Health>('/v1/health', stateReadMs)
  const sessions = useResource<Page<FixSession>>('/v1/fix/sessions', stateReadMs)
  return (
    <>
      <h1 class="screen-title">
        {identity === undefined ? 'Gateway' : `Gateway ${identity.name}`}
        <HealthWord health={health.trouble === undefined ? health.value : undefined} />
      </h1>
      {health.trouble !== undefined && (
        <TroubleBox trouble={health.trouble} stale={health.value !== undefined} />
      )}
      {identity === undefined ? (
        <Loading what="who this gateway is" />
      ) : (
        <Topology identity={identity} health={health.value} sessions={sessions.value?.items ?? []} />
      )}
      <div class="columns">
        <div class="column">
          <div class="pair">
            <JournalCard identity={identity} />
            <TradesCard />
          </div>
          <SessionsCard sessions={sessions.value?.items} />
          <PolicyCard />
        </div>
        <div class="column">
          <HealthCard health={health.value} />
          {identity !== undefined && <IdentityCard identity={identity} />}
        </div>
      </div>
    </>
  )
}

function HealthWord({ health }: { health: Health | undefined }): JSX.Element {
  if (health === undefined) return <Mark verdict="none">health unknown</Mark>
  const failing = health.components.filter(({ ok }) => !ok).length
  return failing === 0 ? (
    <Mark verdict="good">all components work</Mark>
  ) : (
    <Mark verdict="bad">
      {failing} of {health.components.length} components fail
    </Mark>
  )
}

const HealthCard = ({ health }: { health: Health | undefined }): JSX.Element => (
  <section class="card">
    <h2>Components</h2>
    {health === undefined ? (
      <Loading what="health" />
    ) : (
      <table>
        <thead>
          <tr>
            <th>Component</th>
            <th>State</th>
            <th>Detail</th>
            <th>As of, UTC</th>
          </tr>
        </thead>
        <tbody>
          {health.components.map(({ component, ok, detail, asOf }) => (
            <tr key={component}>
              <th scope="row">{component}</th>
              <td>
                <Mark verdict={ok ? 'good' : 'bad'}>{ok ? 'works' : 'fails'}</Mark>
              </td>
              <td>{detail}</td>
              <td class="num">{timeText(asOf).replace(' UTC', '')}</td>
            </tr>
          ))}
        </tbody>
      </table>
    )}
  </section>
)

function JournalCard({ identity }: { identity: Identity | undefined }): JSX.Element {
  const { value: log } = useResource<LogState>('/v1/log')
  if (log === undefined)
    return (
      <section class="card">
        <h2>Journal</h2>
        <Loading what="the journal" />
      </section>
    )
  const behind = log.size - (log.cosigned?.size ?? 0)
  return (
    <section class="card">
      <h2>Journal</h2>
      <p class="figure">
        <a href={journalPath()}>{log.size.toLocaleString('en-GB')}</a> <span>leaves</span>
      </p>
      <dl class="facts">
        <dt>Cosigned</dt>
        <dd>
          {log.cosigned === undefined ? (
            <Mark verdict="wait">no checkpoint has its quorum yet</Mark>
          ) : (
            <Mark verdict={behind === 0 ? 'good' : 'wait'}>
              {behind === 0 ? 'every leaf' : `${log.cosigned.size} leaves, ${behind} to go`}
            </Mark>
          )}
        </dd>
        <dt>Quorum</dt>
        <dd>
          {identity === undefined ? '…' : `${identity.quorum} of ${identity.witnesses.length} witnesses`}
        </dd>
        <dt>As of</dt>
        <dd class="num">{log.cosigned === undefined ? 'never' : timeText(log.cosigned.at)}</dd>
      </dl>
    </section>
  )
}

function TradesCard(): JSX.Element {
  const { value } = useResource<Page<Trade>>('/v1/trades?limit=200')
  const items = value?.items ?? []
  const count = (status: Trade['status'][]): number =>
    items.filter((trade) => status.includes(trade.status)).length
  const failed = count(['refused', 'failed', 'busted', 'corrected'])
  return (
    <section class="card">
      <h2>Trades</h2>
      <p class="figure">
        <a href={tradesPath}>
          {items.length}
          {value?.next === undefined ? '' : '+'}
        </a>{' '}
        <span>{items.length === 1 ? 'trade' : 'trades'}</span>
      </p>
      <dl class="facts">
        <dt>Settled</dt>
        <dd>{count(['settled'])}</dd>
        <dt>On the way</dt>
        <dd>{items.length - failed - count(['settled'])}</dd>
        <dt>Refused or failed</dt>
        <dd>{failed}</dd>
      </dl>
    </section>
  )
}

const SessionsCard = ({ sessions }: { sessions: readonly FixSession[] | undefined }): JSX.Element => (
  <section class="card">
    <h2>FIX sessions</h2>
    {sessions?.length === 0 && (
      <p class="quiet-text">No FIX session is configured. Trades can still come over REST.</p>
    )}
    {sessions !== undefined && sessions.length > 0 && (
      <table>
        <thead>
          <tr>
            <th>Session</th>
            <th>Role</th>
            <th>State</th>
            <th class="right">Next out</th>
            <th class="right">Next in</th>
          </tr>
        </thead>
        <tbody>
          {sessions.map((session) => (
            <tr key={session.id}>
              <th scope="row">
                {session.senderCompId} → {session.targetCompId}{' '}
                <span class="quiet-text">{session.beginString}</span>
              </th>
              <td>{session.role}</td>
              <td>
                <Mark verdict={session.loggedOn ? 'good' : session.state === 'disabled' ? 'none' : 'wait'}>
                  {session.state === 'disabled' ? 'disabled' : session.loggedOn ? 'logged on' : 'logged off'}
                </Mark>
              </td>
              <td class="num right">{session.nextSenderMsgSeqNum}</td>
              <td class="num right">{session.nextTargetMsgSeqNum}</td>
            </tr>
          ))}
        </tbody>
      </table>
    )}
  </section>
)

const IdentityCard = ({ identity }: { identity: Identity }): JSX.Element => (
  <section class="card">
    <h2>Keys and addresses</h2>
    <dl class="facts facts-long">
      <dt>LEI</dt>
      <dd class="mono">{identity.lei}</dd>
      <dt>Journal</dt>
      <dd class="mono">{identity.logOrigin}</dd>
      <dt>Journal key</dt>
      <dd class="mono">{identity.logKey}</dd>
      {identity.witnesses.map((witness, at) => (
        <Fragment key={witness}>
          <dt>{at === 0 ? 'Witness keys' : ''}</dt>
          <dd class="mono">{witness}</dd>
        </Fragment>
      ))}
      <dt>Settlement address</dt>
      <dd class="mono">{identity.settlementAddress}</dd>
      <dt>Version</dt>
      <dd class="mono">{identity.version}</dd>
    </dl>
  </section>
)

function PolicyCard(): JSX.Element {
  const { value } = useResource<Policy>('/v1/policy')
  return (
    <section class="card">
      <h2>Policy in force</h2>
      {value === undefined ? (
        <Loading what="the policy" />
      ) : (
        <>
          <p class="quiet-text">
            Set <code>{value.set}</code>. What no rule permits is denied.
          </p>
          {value.rules.map(({ id, text }) => (
            <details key={id}>
              <summary>{id}</summary>
              <pre tabIndex={0}>{text}</pre>
            </details>
          ))}
        </>
      )}
    </section>
  )
}
