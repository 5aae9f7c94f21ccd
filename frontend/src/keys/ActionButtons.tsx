import { Button, Menu } from "@mantine/core";
import { Link } from "wouter";
import { type Action, type Offer, useOffer } from "./offers";

/** A page's actions as buttons; the palette offers the same. */
export function ActionButtons({ of, actions, busy }: Offer & { busy: boolean }) {
  useOffer(of, actions);
  return actions.map((action, index) => <ActionButton key={index} action={action} loading={busy && index === 0} disabled={busy && index > 0} />);
}

function ActionButton({ action, loading, disabled }: { action: Action; loading: boolean; disabled: boolean }) {
  const { icon: Icon, label, title, strong } = action;
  const look = { size: "xs", variant: strong ? "filled" : "default", leftSection: Icon && <Icon size={14} />, title } as const;
  if (!action.press)
    return (
      <Button {...look} component={Link} href={action.href}>
        {label}
      </Button>
    );
  return (
    <Button {...look} loading={loading} disabled={disabled} onClick={action.press}>
      {label}
    </Button>
  );
}

/** The same as the entries of a menu. Whoever opens the menu offers them: a closed menu is not there. */
export const ActionItems = ({ actions }: Pick<Offer, "actions">) =>
  actions.map(({ icon: Icon, label, title, ...action }) =>
    action.press ? (
      <Menu.Item key={label} leftSection={Icon && <Icon />} title={title} onClick={action.press}>
        {label}
      </Menu.Item>
    ) : (
      <Menu.Item key={label} leftSection={Icon && <Icon />} title={title} component="a" href={action.href} download={action.download}>
        {label}
      </Menu.Item>
    ),
  );
