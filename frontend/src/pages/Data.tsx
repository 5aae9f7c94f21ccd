import { Title } from "@mantine/core";
import { useDocumentTitle } from "@mantine/hooks";
import { useState } from "react";
import { useSearchParams } from "wouter";
import { awaited } from "../api/awaited";

import { useUploads } from "../api/uploads";
import { Datasets } from "../data/Datasets";
import { Description } from "../data/Description";
import { Drop } from "../data/Drop";
import { UploadList } from "../data/UploadList";
import classes from "../data/data.module.css";
import { Section } from "../run/Section";
import { Empty } from "../ui/Empty";
import { Failure } from "../ui/Failure";
import { Loading } from "../ui/Loading";

/** Data: one's own files, sent and described, and the datasets that come with the workers. */
export default function Data() {
  useDocumentTitle("Data · Lathe");
  return (
    <div className={classes.page}>
      <Title order={1}>Data</Title>
      <Own />
      <Section title="Ready to use">
        <Datasets />
      </Section>
    </div>
  );
}

function Own() {
  const uploads = useUploads();
  const [search, setSearch] = useSearchParams();
  const [closed, setClosed] = useState(false);
  const rows = uploads.data ?? [];
  const requested = search.get("upload");
  const shown = rows.find(({ id }) => id === requested)?.id ?? (closed ? undefined : rows[0]?.id);
  const show = (id: string | undefined) => {
    setClosed(id === undefined);
    setSearch(id === undefined ? {} : { upload: id }, { replace: true });
  };
  return (
    <Section title="Your data">
      <Drop onSent={({ id }) => show(id)} />
      {uploads.error && !uploads.data ? (
        <Failure what="Your files" error={uploads.error} retry={() => void uploads.refetch()} />
      ) : uploads.data === undefined ? (
        <Loading what="your files" height={80} />
      ) : rows.length === 0 ? (
        <Empty pending={awaited(uploads) && "your files"} title="Nothing of your own yet" height={80}>
          Send a table or pictures: they are checked, described, and can be trained on at once.
        </Empty>
      ) : (
        <UploadList rows={rows} shown={shown} onShow={show} />
      )}
      {shown !== undefined && <Description key={shown} id={shown} />}
    </Section>
  );
}
