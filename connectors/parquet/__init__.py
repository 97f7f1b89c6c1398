"""The archive: every sample in Parquet files, in a folder or an object store.

`layout` shows the folders and the schema. `writer` stores batches, `reader` reads them
back, `compaction` merges small files. Other tools read it as it is:

    DuckDB   FROM read_parquet('archive/**/*.parquet', hive_partitioning = true)
    pandas   pandas.read_parquet("archive")
    pyarrow  pyarrow.dataset.dataset("archive", partitioning="hive")
    Spark    spark.read.option("basePath", "s3a://bucket/archive")
                 .parquet("s3a://bucket/archive/system=spacecraft")
                 .where("spacecraft = 'ORBITER-1' AND date = '2024-01-31'")

**Each sample once.** A writer collects samples in memory and stores them in one commit:

1. it writes each file under a name that readers pass over (`_incoming/...tmp`);
2. it writes one small record (`_commits/<writer>.json`): how far each Kafka partition
   has been read, and which file is to be moved where. The record is there whole or not
   at all, and with it the commit has happened;
3. it moves the files to where readers look.

What is not committed is in Kafka still, so the source has to begin where the records
say (`commits.read_positions`), whatever snapshots of its own say. Killed before or in
2, the files are leftovers: the next start removes them, and the same samples come
again. Killed after 2, the next start does what is left of 3, then goes on behind those
samples. Killed in 3, readers see a part of the commit until then. After an error it is
the same: that writer commits nothing more. Messages below the positions are dropped, so
a source that begins too early does no harm, however it cuts its batches. One that keeps
snapshots instead has to call `commit` before each.

Several processes write to one archive, with partitions and a name of their own each.
Just before its record each looks whether somebody else has moved its positions, or
taken its name, and stops if so: of two processes on the same partitions, one goes on.
In an object store moving is copying and deleting: no file is seen in part there either.

**Merging** is a commit as well: its record names the merged file, and those it was made
of, which are deleted after the move. Between the two our reader knows from the record
what counts; others see the samples of that day twice, for moments, or if it was killed
there until it or an archiver is started again. One merge runs at a time: a lock keeps
others out, but not in an object store, where that is left to whoever starts them.
"""
