-- The room has no files to read.
SELECT * FROM read_csv('/etc/passwd')
