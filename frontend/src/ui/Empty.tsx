import { Button, Center, Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";
import { Link } from "wouter";
import { Loading } from "./Loading";

interface EmptyProps {
  title: string;
  /** What is being loaded, while an answer is on its way: until it is here, nobody can say that there is nothing. */
  pending?: string | false;
  children?: ReactNode;
  action?: { label: string; href?: string; onClick?: () => void };
  height?: number;
}

/** Nothing is here yet: says why, and what would change that. */
export function Empty({ title, pending, children, action, height = 240 }: EmptyProps) {
  if (pending) return <Loading what={pending} height={height} />;
  return (
    <Center mih={height} p="lg">
      <Stack align="center" gap="xs" maw={420} ta="center">
        <Title order={3}>{title}</Title>
        {children && (
          <Text c="dimmed" size="sm" component="div">
            {children}
          </Text>
        )}
        {action &&
          (action.href ? (
            <Button component={Link} href={action.href} variant="light" mt="xs">
              {action.label}
            </Button>
          ) : (
            <Button onClick={action.onClick} variant="light" mt="xs">
              {action.label}
            </Button>
          ))}
      </Stack>
    </Center>
  );
}
