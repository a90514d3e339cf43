"""What the real servers are told: the configuration texts of Dovecot, Postfix and NSD, and the doors that Postfix opens."""

from __future__ import annotations

DOVECOT = """
base_dir = {base}/dovecot
state_dir = {base}/dovecot-state
instance_name = mailprobe-e2e
log_path = {base}/dovecot.log
info_log_path = {base}/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1
default_login_user = dovenull
default_internal_user = dovecot
default_internal_group = dovecot
default_vsz_limit = 512M
first_valid_uid = 1
mail_uid = dovecot
mail_gid = dovecot
ssl = yes
ssl_cert = <{base}/tls/good.pem
ssl_key = <{base}/tls/good.key
ssl_dh =
ssl_min_protocol = TLSv1.2
local 127.0.0.2 {{
  ssl_cert = <{base}/tls/expired.pem
  ssl_key = <{base}/tls/expired.key
}}
local 127.0.0.3 {{
  ssl_cert = <{base}/tls/wrong_name.pem
  ssl_key = <{base}/tls/wrong_name.key
}}
local 127.0.0.4 {{
  protocol imap {{
    mail_max_userip_connections = 1
  }}
}}
local 127.0.0.5 {{
  protocol imap {{
    imap_capability = IMAP4rev1 QUOTA
  }}
}}
disable_plaintext_auth = yes
auth_mechanisms = plain login
auth_master_user_separator = *
auth_failure_delay = 0
auth_verbose = yes
passdb {{
  driver = passwd-file
  master = yes
  args = {base}/masters
}}
passdb {{
  driver = passwd-file
  username_filter = !tempfail
  args = scheme=PLAIN {base}/passwd.%s
}}
userdb {{
  driver = passwd-file
  args = {base}/users
  default_fields = uid=dovecot gid=dovecot home={base}/mail/%n
}}
mail_location = maildir:~/Maildir
namespace inbox {{
  inbox = yes
  separator = .
  mailbox Junk {{
    special_use = \\Junk
    auto = create
  }}
  mailbox Lists {{
    auto = create
  }}
}}
mail_fsync = never
mail_max_userip_connections = 200
mail_plugins = quota
protocol imap {{
  mail_plugins = quota imap_quota
}}
protocol lmtp {{
  lmtp_save_to_detail_mailbox = yes
}}
plugin {{
  quota = count:User quota
  quota_rule = *:storage=10M
  quota_vsizes = yes
}}
auth_username_format = %Ln
auth_username_chars =
postmaster_address = postmaster@mail.test
hostname = mx.mail.test
service imap-login {{
  inet_listener imap {{
    address = 127.0.0.1 ::1
    port = {imap}
  }}
  inet_listener imaps {{
    address = 127.0.0.1 127.0.0.2 127.0.0.3 127.0.0.4 127.0.0.5 ::1
    port = {imaps}
    ssl = yes
  }}
  chroot =
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
service auth {{
  inet_listener sasl {{
    address = 127.0.0.1
    port = {sasl}
  }}
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
"""

# Many logins a second: no process of its own for each
BUSY = """
service imap-login {
  service_count = 0
}
service imap {
  service_count = 1000
}
"""

POSTFIX = """
compatibility_level = 3.6
queue_directory = {base}/postfix/spool
data_directory = {base}/postfix/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
meta_directory = /etc/postfix
shlib_directory = /usr/lib/postfix
mail_owner = postfix
setgid_group = postdrop
default_database_type = lmdb
maillog_file = {base}/postfix.log
maillog_file_prefixes = /var, {base}
inet_interfaces = all
inet_protocols = all
myhostname = mx.mail.test
mydomain = mail.test
mydestination =
local_recipient_maps =
alias_maps =
alias_database =
relay_domains =
default_transport = error:5.4.4 test server, no relaying
mynetworks = 192.0.2.1/32
virtual_mailbox_domains = mail.test two.test
virtual_mailbox_maps = texthash:{base}/recipients
virtual_alias_maps = texthash:{base}/aliases
virtual_transport = lmtp:inet:127.0.0.1:{lmtp}
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
smtpd_recipient_restrictions = check_recipient_access texthash:{base}/access
smtpd_end_of_data_restrictions = check_recipient_access texthash:{base}/filters
smtpd_tls_security_level = may
smtpd_tls_cert_file = {base}/tls/good.pem
smtpd_tls_key_file = {base}/tls/good.key
smtpd_tls_session_cache_database =
smtpd_sasl_auth_enable = no
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:{sasl}
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_error_sleep_time = 0
smtpd_soft_error_limit = 1000
smtpd_hard_error_limit = 1000
smtpd_peername_lookup = no
smtpd_client_restrictions = check_client_access texthash:{base}/clients
smtpd_delay_reject = no
disable_dns_lookups = yes
in_flow_delay = 0
smtp_host_lookup = native
biff = no
"""

MASTER = """
pickup    unix  n - n 60 1 pickup
cleanup   unix  n - n - 0 cleanup
reads     unix  n - n - 0 cleanup
  -o { header_checks = regexp:{{/^Auto-Submitted:/ REJECT 5.7.1 Automatic mail is not taken}} }
qmgr      unix  n - n 300 1 qmgr
tlsmgr    unix  - - n 1000? 1 tlsmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
trace     unix  - - n - 0 bounce
verify    unix  - - n - 1 verify
proxymap  unix  - - n - - proxymap
smtp      unix  - - n - - smtp
error     unix  - - n - - error
retry     unix  - - n - - error
discard   unix  - - n - - discard
lmtp      unix  - - n - - lmtp
anvil     unix  - - n - 1 anvil
postlog   unix-dgram n - n - 1 postlogd
"""

# door -> (listening address, smtpd options): each is a whole MX or submission server with one peculiarity
DOORS: dict[str, tuple[str, tuple[str, ...]]] = {
    "mx": ("127.0.0.1", ()),
    "mx_stale": ("127.0.0.1", ("virtual_mailbox_maps=inline:{{u000001@mail.test=u000001}}",)),
    "mx_ascii": ("127.0.0.1", ("smtpd_discard_ehlo_keywords=smtputf8",)),
    "mx_clear": ("127.0.0.1", ("smtpd_tls_security_level=none",)),
    "mx_v6": ("[::1]", ()),
    "mx_reads": ("127.0.0.1", ("cleanup_service_name=reads",)),  # takes the recipient, and refuses what the mail says
    "accepts_all": ("127.0.0.1", ("virtual_mailbox_maps=static:all", "smtpd_recipient_restrictions=")),
    "refuses_ehlo": ("127.0.0.1", ("smtpd_helo_restrictions=reject",)),
    "blocks_us": ("127.0.0.1", ("smtpd_client_restrictions=reject",)),
    "map_down": ("127.0.0.1", ("virtual_mailbox_maps=tcp:127.0.0.1:1",)),
    "refuses_sender": ("127.0.0.1", ("smtpd_sender_restrictions=reject",)),
    "mx_25": ("127.0.0.6", ()),
    "submissions": ("127.0.0.1", ("smtpd_tls_wrappermode=yes", "smtpd_sasl_auth_enable=yes")),
    "submission": ("127.0.0.1", ("smtpd_tls_security_level=encrypt", "smtpd_sasl_auth_enable=yes")),
    "submission_clear": ("127.0.0.1", ("smtpd_tls_security_level=none", "smtpd_sasl_auth_enable=yes")),
    "submission_broken": (
        "127.0.0.1",
        ("smtpd_tls_wrappermode=yes", "smtpd_sasl_auth_enable=yes", "smtpd_sasl_path=inet:127.0.0.1:1"),
    ),
}

ZONE = """$TTL 60
$ORIGIN {name}.
@ SOA ns.{name}. hostmaster.{name}. 1 3600 600 86400 60
@ NS ns
ns A 127.0.0.1
"""
