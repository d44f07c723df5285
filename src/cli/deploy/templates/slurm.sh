#!/usr/bin/env bash
# trailseal on Slurm: a plan, an array of jobs that each read one shard of it, and a merge that tells what came of it. Printed by
# `trailseal deploy slurm`. To run it once, and then every night at @@time@@ UTC:
#
#   bash FILE
#   @@minute@@ @@hour@@ * * * bash /FULL/PATH/FILE        # a line for `scrontab -e`, or for cron; both go by the machine's time zone
#
# Fill in: @@fill-in@@
# Every node needs the program, AWS credentials and the folder below. A shard that could not be read (2), was interrupted (130) or
# lost its node is put back into the queue. The merge ends with the exit code: 0 whole, 1 tampered with, 3 incomplete, 2 could
# not run. The plan carries the keys, and parts carry verdicts: keep the folder where nobody may write who may not report.
#
# The dead man's switch: nobody hears of a night in which nothing was submitted. The merge leaves trailseal.prom, whatever came
# of it, so have something outside of the cluster raise an alarm when that is older than 26 hours:
#   test -n "$(find @@metrics:sh@@ -mmin -1560)" || echo "no run of trailseal ended in 26 hours"
@@secret@@# An address below is a secret: whoever reads this file can speak in its name.
@@sealed@@# Every run is sealed, by the merge: the file /etc/trailseal/seal.key has to be on every node (`trailseal seal keygen`).
set -euo pipefail

state=@@state:sh@@
RUN=$state/runs/$(date -u +%Y%m%dT%H%M%SZ)
export RUN
mkdir -p "$RUN/parts"

plan=$(sbatch --parsable --job-name=trailseal-plan --time=2:00:00 --requeue <<'JOB'
#!/usr/bin/env bash
exec trailseal plan @@source:sh@@ --last @@last@@ --shards @@shards@@ \
  @@assume-role:sh@@ \
  --output "$RUN/plan.json"
JOB
)

shards=$(sbatch --parsable --job-name=trailseal-shards --array=0-@@last-shard@@ --time=6:00:00 --requeue \
  --dependency="afterok:${plan%%;*}" --kill-on-invalid-dep=yes <<'JOB'
#!/usr/bin/env bash
code=0
trailseal verify --plan "$RUN/plan.json" --shard auto --parts "$RUN/parts" \
  @@assume-role:sh@@ \
  @@ledger:sh@@ \
  || code=$?
if { [ "$code" = 2 ] || [ "$code" = 130 ]; } && [ "${SLURM_RESTART_COUNT:-0}" -lt 3 ]; then
  scontrol requeue "${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}"
fi
exit "$code"
JOB
)

# After any end of the shards: what one of them did not read is told by the merge, as incomplete.
merge=$(sbatch --parsable --job-name=trailseal-merge --time=2:00:00 --requeue --dependency="afterany:${shards%%;*}" <<'JOB'
#!/usr/bin/env bash
exec trailseal merge --plan "$RUN/plan.json" --parts "$RUN/parts" --format human \
  @@assume-role:sh@@ \
  @@notify:sh@@ \
  @@notify-state:sh@@ \
  @@witness:sh@@ \
  @@sealed@@--seal-key /etc/trailseal/seal.key \
  @@ledger:sh@@ \
  --report prometheus=@@metrics:sh@@
JOB
)
echo "$RUN: plan ${plan%%;*}, shards ${shards%%;*}, merge ${merge%%;*}"
