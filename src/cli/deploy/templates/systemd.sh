#!/bin/sh
# trailseal from a timer of systemd: the whole record, every night at @@time@@ UTC. Printed by `trailseal deploy systemd`. It
# writes five units to /etc/systemd/system, or to the folder that is named:
#
#   sh FILE && systemctl daemon-reload && systemctl enable --now trailseal.timer trailseal-watch.timer
#
# Fill in: @@fill-in@@
# A run ends red on every exit code but 0; what could not run (2) or was interrupted (130) is tried again, three times. AWS
# credentials come from the machine, or from variables in /etc/trailseal/aws.env. Ledger and metrics lie in /var/lib/trailseal.
#
# The dead man's switch: trailseal-watch fails when no run has ended in 26 hours, and trailseal-failed is where whoever should
# know is told: put your own command there. A machine that is off says nothing: have something else look at the age of the
# metrics, too (the alert CloudTrailCheckStale in the README).
@@secret@@# An address below is a secret: whoever reads the unit can speak in its name.
@@sealed@@# Every run is sealed: (umask 077; trailseal seal keygen NAME > /etc/trailseal/seal.key)
set -eu
umask 022
units=${1:-/etc/systemd/system}

cat > "$units/trailseal.service" <<'UNIT'
[Unit]
Description=Prove that the CloudTrail record is whole
Documentation=man:trailseal-verify(1)
Wants=network-online.target
After=network-online.target
OnFailure=trailseal-failed.service
StartLimitIntervalSec=12h
StartLimitBurst=4

[Service]
Type=oneshot
ExecStart=/usr/local/bin/trailseal verify \
  @@source:unit@@ \
  --last @@last@@ \
  --quiet \
  --ledger /var/lib/trailseal/ledger \
  --report prometheus=/var/lib/trailseal/trailseal.prom \
  @@assume-role:unit@@ \
  @@witness:unit@@ \
  @@sealed@@--seal-key %d/seal.key \
  @@notify:unit@@ \
  --notify-state /var/lib/trailseal/notify.json
@@sealed@@LoadCredential=seal.key:/etc/trailseal/seal.key
EnvironmentFile=-/etc/trailseal/aws.env
Restart=on-failure
RestartPreventExitStatus=1 3 4
RestartSec=10min
TimeoutStartSec=6h
StateDirectory=trailseal
StateDirectoryMode=0700
ReadWritePaths=@@alert-folder:unit@@
DynamicUser=yes
UMask=0077
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
CapabilityBoundingSet=
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged
UNIT

cat > "$units/trailseal.timer" <<'UNIT'
[Unit]
Description=Prove every night that the CloudTrail record is whole

[Timer]
OnCalendar=*-*-* @@time@@:00 UTC
Persistent=yes
RandomizedDelaySec=5min

[Install]
WantedBy=timers.target
UNIT

cat > "$units/trailseal-failed.service" <<'UNIT'
[Unit]
Description=Tell that trailseal found the record not whole, could not run, or did not

[Service]
Type=oneshot
ExecStart=/usr/bin/systemd-cat --identifier=trailseal --priority=alert echo "CloudTrail record not proven: see journalctl -u trailseal"
UNIT

cat > "$units/trailseal-watch.service" <<'UNIT'
[Unit]
Description=Notice that no run of trailseal ended in 26 hours
OnFailure=trailseal-failed.service

[Service]
Type=oneshot
ExecStart=/bin/sh -c 'test -n "$$(find /var/lib/trailseal/ -maxdepth 1 -name trailseal.prom -mmin -1560)"'
UNIT

cat > "$units/trailseal-watch.timer" <<'UNIT'
[Unit]
Description=Notice every hour that no run of trailseal ended in 26 hours

[Timer]
OnBootSec=1h
OnUnitActiveSec=1h

[Install]
WantedBy=timers.target
UNIT
