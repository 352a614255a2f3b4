/**
 * Names of programs, by how much they tell, and of parameters that are handed to some.
 *
 * @module
 */

/** Programs an intruder starts first. Words that are common English stand in {@link ENGLISH} and need arguments. */
export const PROGRAMS = new Set(
  (
    "id whoami uname ls ll dir cat tac nl ps pwd ifconfig ipconfig netstat nslookup ping ping6 wget curl nc ncat netcat bash sh zsh ksh csh tcsh dash " +
    "perl python python2 python3 ruby php node lua awk gawk sed grep egrep find xargs chmod chown chgrp rm mv cp mkdir rmdir touch echo printf sleep " +
    "head tail less more od xxd hexdump strings base64 rev tee sort uniq wc cut tr env printenv set export eval exec source kill killall pkill " +
    "su sudo passwd useradd adduser usermod crontab at systemctl service mount umount dd tar gzip gunzip zip unzip ftp tftp scp ssh sshd telnet rsync " +
    "traceroute tracert dig host arp route iptables hostname w who last lastlog finger df du free top lsof uptime date cal which whereis locate " +
    "type copy del move net netsh reg sc tasklist taskkill systeminfo ver vol start cmd powershell pwsh wmic certutil bitsadmin mshta rundll32 regsvr32 " +
    "cscript wscript gcc make vi vim nano ed ex busybox nohup timeout openssl mysql psql sqlite3 git svn docker kubectl aws fetch lynx links expr test " +
    "true false reboot shutdown halt init getent groups jobs history alias unset read cd ln file stat diff cmp fi do done then nmap socat sysctl dmesg lsb_release arch phpinfo system expand fold shuf seq basename dirname mkfifo mknod script screen tmux " +
    "apt apt-get aptitude dpkg rpm yum dnf pacman apk htop visudo vipw trap gpasswd groupadd userdel ansible chef-client chef-shell chef-solo chef-run chef-vault cscli knife puppet " +
    "bpftrace gdb strace ltrace pgrep pstree ss ip nft renice journalctl hostnamectl mtr tcpdump fping zcat bzcat xzcat bzip2 xz 7z cpio ar rview ksh93 rbash ssh-keygen ssh-keyscan sftp rsh rcp lftp aria2c " +
    "mysqldump pg_dump redis-cli mongo mongosh base32 md5sum sha256sum setcap getcap capsh chroot unshare nsenter stdbuf setsid start-stop-daemon rmt-tar rmt-dump sysinfo " +
    "bcdboot bcdedit vssadmin diskpart icacls cacls takeown fsutil wevtutil findstr forfiles gpresult nltest qwinsta quser robocopy xcopy setx msiexec getmac driverquery dsquery cmdkey " +
    "iwr irm iex telnetd utelnetd dropbear nvram iwconfig brctl ftpget insmod pkexec poweroff lscpu"
  ).split(" "),
);

/** Programs whose names are words of English, or short enough to be one. */
export const ENGLISH = new Set(
  "at set last less more free top which type copy move net start test true false read file find sort cut make who w links host date cal service mount route watch ed ex cat id env history arch fold expand script screen strings head tail kill exec fetch source init dash go do done then print time date help us apt yum snap trap wall knife salt ip ar joe fish ash gdb brew emerge ss cipher puppet".split(
    " ",
  ),
);

/** Interpreters and tools that people list side by side; without an argument they do nothing. */
export const LANGUAGES = new Set(
  "php python python2 python3 perl ruby node lua git docker mysql psql sqlite3 vim vi nano emacs make gcc fish java redis-cli mongo mongosh kubectl aws svn".split(
    " ",
  ),
);

/** Programs that run the one named behind them. */
export const WRAPPERS = new Set("busybox sudo env nohup xargs exec timeout su nice setsid stdbuf chroot script time".split(" "));

/** Programs whose names are no words of any language: behind a separator they are commands whatever follows. */
export const RARE = new Set(
  (
    "whoami ifconfig ipconfig nslookup netstat systeminfo mkfifo mknod visudo vipw gpasswd useradd adduser usermod userdel groupadd lsb_release dmesg sysctl certutil bitsadmin mshta regsvr32 rundll32 wmic " +
    "vssadmin bcdedit bcdboot wevtutil fsutil icacls cacls takeown nltest qwinsta quser schtasks tasklist taskkill msiexec cscript wscript getmac driverquery dsquery forfiles diskpart"
  ).split(" "),
);

/** Names of parameters that hold a host or an address, which tools hand to `ping` and its kin. */
const HOSTS = /^(?:host(?:name)?|ip|ip_?addr(?:ess)?|addr(?:ess)?|domain|server|ping|target_?(?:host|ip)|dns|nslookup)$/;

/** True for the name of a parameter that holds a host. */
export const namesHost = (name: string): boolean => name !== "" && HOSTS.test(name);

/** True for what somebody types first at a prompt that is not his, quotes and carets inside of it left out. */
export const isCommand = (lower: string): boolean =>
  /^\s{0,4}(?:(?:id|set|env|w|ps|who|cat|ver)(?:\s{1,4}-\w{1,4})?\s{0,4}$|(?:whoami|ls|dir|pwd|uname|ifconfig|ipconfig|netstat|hostname|phpinfo|systeminfo)(?:$|[^\w.:]))/.test(
    lower.slice(0, 80).replace(/['"\\^]/g, ""),
  );
