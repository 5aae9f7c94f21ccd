import { Tooltip } from "@mantine/core";
import { type Proof, useProofs } from "../api/proofs";
import { AlertIcon, CheckIcon, ClockIcon, CloneIcon } from "../ui/icons";
import badge from "../ui/StateBadge.module.css";

const LOOKS: Record<Proof["outcome"], { Icon: typeof CheckIcon; tone?: string }> = {
  equal: { Icon: CheckIcon, tone: "succeeded" },
  different: { Icon: AlertIcon, tone: "failed" },
  changed: { Icon: CloneIcon },
  uncompared: { Icon: ClockIcon },
};

/** What was proved of the run, each as a badge whose tooltip tells what was compared. */
export default function Proofs({ run }: { run: string }) {
  const { data: proofs = [] } = useProofs(run);
  return proofs.map((proof) => <ProofBadge key={proof.about} proof={proof} />);
}

function ProofBadge({ proof: { outcome, title, facts } }: { proof: Proof }) {
  const { Icon, tone } = LOOKS[outcome];
  return (
    <Tooltip
      multiline
      position="bottom-start"
      maw={440}
      label={facts.map((fact) => (
        <div key={fact}>{fact}</div>
      ))}
    >
      <span className={badge.badge} data-state={tone} tabIndex={0} role="note" aria-label={`${title}. ${facts.join(" ")}`}>
        <Icon size={13} />
        {title}
      </span>
    </Tooltip>
  );
}
