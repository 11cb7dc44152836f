import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { curlOf, timeText } from '../format.ts'
import { useSteps } from '../keyboard.ts'
import type { Trouble } from '../http.ts'
import { Copy } from '../parts/copy.tsx'
import { DownloadPack } from '../parts/download.tsx'
import { Loading, TroubleBox } from '../parts/notice.tsx'
import { TradeStatus } from '../parts/status.tsx'
import { Tabs } from '../parts/tabs.tsx'
import { useResource } from '../resource.ts'
import { leafPath } from '../route.ts'
import type { TradeDetail } from '../types.ts'
import { Agreement } from './agreement.tsx'
import { FixView } from './fix-view.tsx'
import { JsonView } from './json-view.tsx'
import { StepDetail } from './step-detail.tsx'
import { Timeline } from './timeline.tsx'
import { TradeDigests } from './trade-digests.tsx'

/** One trade: what happened in order, the same trade in each language, what was signed. */
export function TradeScreen({ id }: { id: string }): JSX.Element {
  const path = `/v1/trades/${encodeURIComponent(id)}`
  const { value: trade, trouble } = useResource<TradeDetail>(path)
  const [chosen, setChosen] = useState<number | undefined>(undefined)
  const steps = trade?.timeline ?? []
  const at = chosen ?? steps.length - 1
  useSteps((by) => setChosen(Math.max(0, Math.min(steps.length - 1, at + by))))
  if (trade === undefined)
    return trouble === undefined ? <Loading what="the trade" /> : <TroubleBox trouble={trouble} />
  const step = steps[at]
  return (
    <>
      {trouble !== undefined && <TroubleBox trouble={trouble} stale />}
      <Head trade={trade} path={path} />
      <div class="trade">
        <section aria-label="Timeline">
          <h2 class="section-title">
            Timeline
            <span class="quiet-text">
              <kbd>[</kbd> <kbd>]</kbd> step · times are UTC
            </span>
          </h2>
          <Timeline steps={steps} chosen={at} onChoose={setChosen} names={{ peer: trade.counterparty }} />
          {step !== undefined && <StepDetail step={step} />}
        </section>
        <section aria-label="Forms and digests">
          <h2 class="section-title">The same trade in each language</h2>
          <Forms trade={trade} />
          <TradeDigests trade={trade} />
        </section>
      </div>
    </>
  )
}

function Head({ trade, path }: { trade: TradeDetail; path: string }): JSX.Element {
  const [trouble, setTrouble] = useState<Trouble | undefined>(undefined)
  return (
    <>
      <h1 class="screen-title">
        {trade.side} {trade.quantity} × {trade.securityId} at {trade.price}
        <TradeStatus status={trade.status} />
        <span class="actions">
          <Copy label="Copy as curl" text={curlOf(path)} />
          <DownloadPack path={`${path}/evidence`} name={trade.uti ?? trade.tradeId} onTrouble={setTrouble} />
        </span>
      </h1>
      {trouble !== undefined && <TroubleBox trouble={trouble} />}
      <div class="what-now" role="note">
        <strong>What now</strong>
        <span>{trade.whatNow}</span>
      </div>
      <Facts trade={trade} />
    </>
  )
}

const Facts = ({ trade }: { trade: TradeDetail }): JSX.Element => (
  <>
    {trade.refusal !== undefined && (
      <p class="refusal">
        <code>{trade.refusal.plk}</code> <strong>{trade.refusal.code}</strong> {trade.refusal.detail}
      </p>
    )}
    <dl class="strip">
      <Fact name="Premium">{trade.premium.text}</Fact>
      <Fact name={counterpartyIs(trade)}>{trade.counterparty}</Fact>
      <Fact name="Executed">{timeText(trade.executedAt)}</Fact>
      <Fact name="Route">
        {trade.settlement === undefined ? 'not instructed yet' : trade.settlement.route}
      </Fact>
      <Fact name="Ledger">{trade.settlement?.chainId ?? '–'}</Fact>
      <Fact name="Leaf">
        <a href={leafPath(trade.journalIndex)}>{trade.journalIndex}</a>
      </Fact>
      {trade.approvals.length > 0 && <Fact name="Approved by">{trade.approvals.join(', ')}</Fact>}
      <Fact name="UTI" long>
        {trade.uti ?? 'not proposed yet'}
      </Fact>
      <Fact name="Trade id" long>
        {trade.tradeId}
      </Fact>
    </dl>
  </>
)

/** The side is the taker's. */
function counterpartyIs({ role, side }: TradeDetail): string {
  if (role === 'maker') return side === 'Sell' ? 'Taker (sells)' : 'Taker (buys)'
  return side === 'Sell' ? 'Sold to' : 'Bought from'
}

const Fact = ({
  name,
  long = false,
  children,
}: {
  name: string
  long?: boolean
  children: JSX.Element | string
}): JSX.Element => (
  <div class={long ? 'fact fact-long' : 'fact'}>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
)

const missing = (what: string): JSX.Element => <p class="quiet-text pad">{what}</p>

function Forms({ trade }: { trade: TradeDetail }): JSX.Element {
  const { fix, record, recordJws, typedData } = trade.forms
  return (
    <Tabs
      label="Forms of the trade"
      tabs={[
        { id: 'agreement', text: 'Side by side', content: <Agreement trade={trade} /> },
        {
          id: 'fix',
          text: 'FIX',
          content:
            fix === undefined ? (
              missing('No execution report is kept for this trade.')
            ) : (
              <FixView text={fix} />
            ),
        },
        {
          id: 'record',
          text: 'Trade record',
          content:
            record === undefined ? (
              missing('The record is made when the maker proposes it.')
            ) : (
              <JsonView value={record} {...(recordJws === undefined ? {} : { signed: recordJws })} />
            ),
        },
        {
          id: 'eip712',
          text: 'EIP-712',
          content:
            typedData === undefined ? (
              missing('The settlement instruction is made when both parties have signed the record.')
            ) : (
              <JsonView value={typedData} />
            ),
        },
      ]}
    />
  )
}
