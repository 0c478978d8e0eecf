/** A command line, without the program, and what it does. */
export type Example = readonly [command: string, does: string];

/** Two examples of each command, for its help, the man page and the reference. `test/cli/grammar.test.ts` reads them as arguments. */
export const EXAMPLES: Readonly<Record<string, readonly Example[]>> = {
  encrypt: [
    ['encrypt --table orders orders.csv --schema o.json --manifest m.yaml', 'as the room wants it'],
    ['encrypt - -e csv -s s.json --manifest m.yaml < a.csv > b.csv', 'in a pipe'],
  ],
  decrypt: [
    ['decrypt orders.protected.parquet --manifest spring.yaml', 'open the sealed cells of a table'],
    ['decrypt result.age --trust runner.pub --output result.csv', 'open a result of a room'],
  ],
  reencrypt: [
    ['reencrypt orders.protected.csv --manifest spring.yaml', 'a table with sealed columns only'],
    ['reencrypt a.protected.csv --original a.csv -s a.json --id $ID', 'a table with fingerprints'],
  ],
  normalise: [
    [
      'normalise orders.csv -s orders.json -o plain.csv --schema-output plain.json',
      'for a partner who encrypts with C3R',
    ],
    ['normalise orders.csv --schema orders.json --dry-run', 'what becomes of the values of each column'],
  ],
  schema: [
    ['schema orders.csv --suggest', 'propose a schema, with reasons'],
    ['schema orders.csv --interactive --output orders.json', 'edit a proposal as one table'],
  ],
  'collab init': [
    ['collab init m.yaml --as brand --key keystore:keystore', 'keys, secret and manifest'],
    ['collab init spring.yaml --members brand,pub', 'only a manifest to fill in'],
  ],
  'collab join': [
    ['collab join spring.yaml --as pub --key keystore:keystore', 'add yourself, and ask for the secret'],
    ['collab join spring.yaml --ability CAN_RECEIVE_RESULTS', 'as a member that receives results'],
  ],
  'collab add-member': [
    ['collab add-member pub.card.json --manifest spring.yaml', 'a member that only brings tables'],
    ['collab add-member a.json --manifest m.yaml --ability CAN_QUERY', 'one that asks queries'],
  ],
  'collab add-table': [
    ['collab add-table t -s t.json --data t.csv --rule aggregation --min 20 --manifest m.yaml', 'sums'],
    ['collab add-table t -s t.json --rule list --manifest m.yaml', 'rows of the overlap'],
  ],
  'collab validate': [
    ['collab validate spring.yaml', 'every mistake with its place'],
    ['collab validate spring.yaml --json', 'the same for a program'],
  ],
  'collab show': [
    ['collab show spring.yaml', 'what is allowed, and what is left open'],
    ['collab show spring.yaml --json', 'the same for a program'],
  ],
  'collab key': [
    ['collab key sign.key', 'make a signing key, and print its public half'],
    ['collab key sign.key --json', 'the same for a program'],
  ],
  status: [
    ['status', 'what is set in this folder, and what comes next'],
    ['status --json', 'the same for a program'],
  ],
  'collab sign': [
    ['collab sign spring.yaml', 'sign with the key of your home'],
    ['collab sign spring.yaml --as pub --template reach', 'approve a template'],
  ],
  'collab withdraw': [
    ['collab withdraw spring.yaml --as pub --template reach', 'take the approval back'],
    ['collab withdraw m.yaml --as pub --template reach --signing-key k', 'with a key elsewhere'],
  ],
  'collab secret': [
    ['collab secret spring.yaml', 'name all secrets of the home'],
    ['collab secret spring.yaml --generation 2', 'name one generation'],
  ],
  'collab verify': [
    ['collab verify spring.yaml', 'who has signed, and whose keys are pinned'],
    ['collab verify spring.yaml --home ./home --json', 'compare with another home'],
  ],
  'collab import-clean-rooms': [
    ['collab import-clean-rooms --id $ID --output aws.yaml', 'all that AWS says'],
    ['collab import-clean-rooms --id $ID -o a.yaml --schema t=t.json', 'with the schema of a table'],
  ],
  'collab diff': [
    ['collab diff spring.yaml next.yaml', 'what a change allows or forbids'],
    ['collab diff spring.yaml next.yaml --json', 'the same for a program'],
  ],
  'clean-rooms query': [
    ['clean-rooms query --file q.sql --membership $M --manifest a.yaml --as a1', 'check, then run at AWS'],
    ['clean-rooms query - --membership $M --manifest a.yaml --as a1 < q.sql', 'from standard input'],
  ],
  'key create': [
    ['key create --manifest spring.yaml --key keystore:keys', 'a new secret, under a passphrase'],
    ['key create --id $ID --import --key aws-kms:alias/spring', 'the secret of C3R_SHARED_SECRET, in KMS'],
  ],
  'key wrap': [
    ['key wrap --id $ID --to aws-kms:alias/spring', 'move all generations to KMS'],
    ['key wrap --id $ID --to keystore:keys --generation 2', 'move one'],
  ],
  'key export-c3r': [
    ['key export-c3r --id $ID', 'print the newest secret; asks first'],
    ['key export-c3r --id $ID --generation 1 --yes', 'without a question'],
  ],
  'key destroy': [
    ['key destroy --id $ID --generation 1', 'for good; asks first'],
    ['key destroy --manifest spring.yaml --generation 1 --yes', 'without a question'],
  ],
  'key adopt': [
    ['key adopt generation-1.json', 'look at it, and take it in'],
    ['key adopt generation-1.json --secret-id $SECRET', 'only if it has this secret'],
  ],
  'key show': [
    ['key show', 'all secrets of the home'],
    ['key show --id $ID --check', 'try to open those of one collaboration'],
  ],
  'key request': [
    ['key request --manifest spring.yaml --from brand.card.json -o req.json', 'the newest generation'],
    ['key request --id $ID --from brand.card.json --generation 1', 'print the request'],
  ],
  'key send': [
    ['key send --to pub.card.json --request req.json --output pub.age', 'answer a request'],
    ['key send --to a.card.json --request r --output a.age --manifest m.yaml', 'a role-bound secret'],
  ],
  'key receive': [
    ['key receive pub.age --key keystore:keys', 'wrap it under a passphrase'],
    ['key receive pub.age --manifest spring.yaml --key age:receive.key', 'only the secret that it names'],
  ],
  'key rotate': [
    ['key rotate --manifest spring.yaml --tables tables/', 'and list what must be encrypted again'],
    ['key rotate --id $ID --removed pub a.csv b.csv', 'because a member leaves'],
  ],
  'key doctor': [
    ['key doctor', 'what protects the keys here'],
    ['key doctor --json', 'the same for a program'],
  ],
  'room init': [
    ['room init room --manifest spring.yaml', 'for a manifest that all have signed'],
    ['room init room --manifest spring.yaml --name runner.example/spring', 'name the signer of its log'],
  ],
  'room add': [
    ['room add orders orders.protected.parquet --room room', 'load a table'],
    ['room add orders orders.csv --room room -r NULL', 'with a text for nulls'],
  ],
  'room list': [
    ['room list --room room', 'the tables, checked'],
    ['room list --room room --json', 'the same for a program'],
  ],
  'room serve': [
    ['room serve room --config serve.yaml', 'as a service does'],
    ['room serve room --origin https://room.example --tls off', 'behind a front on this machine'],
  ],
  'room ca': [
    ['room ca init authority --name room.example', 'an authority for a closed network'],
    ['room ca issue authority --name room.example', 'have it vouch for a server'],
  ],
  'room job': [
    ['room job $JOB --room https://room.example', 'wait for its end, and get its result'],
    ['room job $JOB --room https://room.example --cancel', 'cancel it'],
  ],
  'room watch': [
    ['room watch --room https://room.example', 'until it is stopped'],
    ['room watch --room https://room.example --json', 'the same for a program'],
  ],
  'room rules': [
    ['room rules --room room', 'what each member may ask'],
    ['room rules --room room --as brand', 'what one member may ask'],
  ],
  'room remove': [
    ['room remove orders --room room', 'remove its rows'],
    ['room remove orders --room room --json', 'the same for a program'],
  ],
  'room update': [
    ['room update next.yaml --room room', 'a new version, signed by all'],
    ['room update next.yaml --room room --clock-jump', 'after a month without records'],
  ],
  'room log': [
    ['room log --room room', 'who asked what'],
    ['room log --room room --json', 'one record a line'],
  ],
  check: [
    ['check --room room --as brand --file reach.sql', 'try a query, and spend nothing'],
    ['check --manifest spring.yaml --as brand --examples', 'what may be asked of each table'],
  ],
  query: [
    ['query --room room --as brand --file reach.sql --package result.age', 'for its receivers only'],
    ['query --room room --as brand --template reach --param since=2026-01-01', 'ask a template'],
  ],
  'member init': [
    ['member init --id brand', 'keys and card in ~/.sealroom'],
    ['member init --id brand --name "Acme Shoes" --home ./brand', 'in another directory'],
  ],
  'member card': [
    ['member card > brand.card.json', 'to send to the others'],
    ['member card --manifest-keys', 'lines for a manifest'],
  ],
  'member verify': [
    ['member verify pub.card.json', 'compare digits by phone, then pin it'],
    ['member verify pub.card.json --replace', 'instead of an older card'],
  ],
  'audit verify': [
    ['audit verify', 'the log of your home'],
    ['audit verify room/audit --trust runner.pub --seen checkpoints', 'the log of a room'],
  ],
  'audit show': [
    ['audit show --key aws-kms:alias/spring', 'what was done with a key'],
    ['audit show room/audit --json', 'all records of a room'],
  ],
  'audit export': [
    ['audit export room/audit --trust runner.pub --for pub > pub.jsonl', 'what pub may see'],
    ['audit export room/audit --trust runner.pub --for pub --manifest m.yaml', 'as an auditor'],
  ],
  'audit checkpoint': [
    ['audit checkpoint room/audit --trust runner.pub >> checkpoints', 'keep one more'],
    ['audit checkpoint --json', 'of the log of your home'],
  ],
  'audit prove': [
    ['audit prove room/audit --trust runner.pub --record 12', 'that a record is in the log'],
    ['audit prove room/audit --trust runner.pub --from 1200', 'that the log only grew'],
  ],
  'audit key': [
    ['audit key room.key --name runner.example/spring', 'make it, and print the verifier key'],
    ['audit key room.key --name runner.example/spring --json', 'the same for a program'],
  ],
  completion: [
    ['completion bash > ~/.local/share/bash-completion/completions/sealroom', 'for bash'],
    ['completion fish > ~/.config/fish/completions/sealroom.fish', 'for fish'],
  ],
};
