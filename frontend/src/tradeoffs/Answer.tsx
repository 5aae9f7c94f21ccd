import { Button, Group, Loader, Text } from "@mantine/core";
import { Link } from "wouter";

import { Sentence } from "../ui/Sentence";
import { AlertIcon, CheckIcon } from "../ui/icons";
import classes from "./tradeoffs.module.css";
import type { Row } from "./rows";

interface AnswerProps {
  sentence: string;
  /** The best that qualifies, or the nearest miss. */
  first: Row | undefined;
  /** Where the question becomes a stage of an experiment. */
  stage: string | undefined;
  /** A bound to add to the question, and what adds it. */
  offer?: string | undefined;
  onOffer?: (bound: string) => void;
  asking: boolean;
}

/** The answer in words, told aloud when it changes. */
export function Answer({ sentence, first, stage, offer, onOffer, asking }: AnswerProps) {
  const met = first?.standing === "best";
  return (
    <Group role="status" aria-live="polite" className={classes.answer} data-met={met} gap="sm" wrap="nowrap" align="flex-start">
      <span className={classes.answerIcon}>{met ? <CheckIcon size={18} /> : <AlertIcon size={18} />}</span>
      <Text size="sm" style={{ flex: 1 }}>
        <Sentence text={sentence} />{" "}
        {first && (
          <Link href={`/runs/${first.run_id}`} className={classes.link}>
            {met ? "Open model" : "Open the nearest model"}
          </Link>
        )}
        {stage && (
          <>
            {" · "}
            <Link href={stage} className={classes.link}>
              Use as compression target
            </Link>
          </>
        )}
        {offer && (
          <Button size="compact-xs" variant="default" radius="xl" aria-label={`Ask for ${offer}`} onClick={() => onOffer?.(offer)}>
            {offer}
          </Button>
        )}
      </Text>
      {asking && <Loader size={14} aria-label="Asking" />}
    </Group>
  );
}
