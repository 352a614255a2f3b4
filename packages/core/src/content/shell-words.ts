/**
 * Names of programs, by how much they tell, and of parameters that are handed to some.
 *
 * @module
 */

const split = (words: string): string[] => words.split(" ");

/** Programs whose names are no words of any language: behind a separator they are commands whatever follows. */
export const RARE = new Set(
  split(
    "whoami ifconfig ipconfig nslookup netstat systeminfo mkfifo mknod visudo vipw gpasswd useradd adduser usermod userdel groupadd lsb_release " +
      "dmesg sysctl certutil bitsadmin mshta regsvr32 rundll32 wmic vssadmin bcdedit bcdboot wevtutil fsutil icacls cacls takeown nltest qwinsta " +
      "quser tasklist taskkill msiexec cscript wscript getmac driverquery dsquery forfiles diskpart schtasks",
  ),
);

/** Interpreters, editors, databases: where people list what they know, without an argument, they do nothing. */
const TOOLS = split(
  "perl python python2 python3 ruby php node lua gcc vi vim nano mysql psql sqlite3 git svn docker kubectl aws redis-cli mongo mongosh",
);

/** See {@link TOOLS}; some of these are words of English. */
export const LANGUAGES = new Set([...TOOLS, ...split("emacs make fish java")]);

/** Programs whose names are words of English, or short enough to be one. */
const COMMON = split(
  "id cat dash find head tail less more strings sort cut env set exec source kill at service mount host route w who last free top date cal " +
    "which type copy move net start make ed ex fetch links test true false init history read file do done then arch expand fold script screen " +
    "apt yum trap knife puppet gdb ss ip ar",
);

/** Words that need arguments to be a command. */
export const ENGLISH = new Set([...COMMON, ...split("watch go print time help us snap wall salt joe fish ash brew emerge cipher")]);

/** Programs an intruder starts first. */
export const PROGRAMS = new Set([
  ...RARE,
  ...TOOLS,
  ...COMMON,
  ...split(
    "uname ls ll dir tac nl ps pwd ping ping6 wget curl nc ncat netcat bash sh zsh ksh csh tcsh awk gawk sed grep egrep xargs chmod chown chgrp " +
      "rm mv cp mkdir rmdir touch echo printf sleep od xxd hexdump base64 rev tee uniq wc tr printenv export eval killall pkill su sudo passwd " +
      "crontab systemctl umount dd tar gzip gunzip zip unzip ftp tftp scp ssh sshd telnet rsync traceroute tracert dig arp iptables hostname " +
      "lastlog finger df du lsof uptime whereis locate del netsh reg sc ver vol cmd powershell pwsh busybox nohup timeout openssl lynx expr " +
      "reboot shutdown halt getent groups jobs alias unset cd ln stat diff cmp fi nmap socat phpinfo system shuf seq basename dirname tmux " +
      "apt-get aptitude dpkg rpm dnf pacman apk htop ansible chef-client chef-shell chef-solo chef-run chef-vault cscli bpftrace strace ltrace " +
      "pgrep pstree nft journalctl mtr tcpdump fping zcat bzcat xzcat bzip2 xz 7z cpio rbash ssh-keygen " +
      "ssh-keyscan sftp rsh rcp lftp aria2c mysqldump pg_dump base32 md5sum sha256sum setcap getcap capsh chroot unshare nsenter stdbuf setsid " +
      "start-stop-daemon rmt-tar rmt-dump findstr robocopy xcopy setx iwr irm iex telnetd utelnetd dropbear nvram " +
      "iwconfig brctl ftpget insmod pkexec poweroff",
  ),
]);

/** Programs that run the one named behind them. */
export const WRAPPERS = new Set(split("busybox sudo env nohup xargs exec timeout su nice setsid stdbuf chroot script time"));

/** Names of parameters that hold a host or an address, which tools hand to `ping` and its kin. */
const HOSTS = /^(host(name)?|ip|ip_?addr(ess)?|addr(ess)?|domain|server|ping|target_?(host|ip)|dns|nslookup)$/;

/** True for the name of a parameter that holds a host. */
export const namesHost = (name: string): boolean => name !== "" && HOSTS.test(name);

/** True for what somebody types first at a prompt that is not his, quotes and carets inside of it left out. */
export const isCommand = (lower: string): boolean =>
  /^\s{0,4}((id|set|env|w|ps|who|cat|ver)(\s{1,4}-\w{1,4})?\s{0,4}$|(whoami|ls|dir|pwd|uname|ifconfig|ipconfig|netstat|hostname|phpinfo|systeminfo)($|[^\w.:]))/.test(
    lower.slice(0, 80).replace(/['"\\^]/g, ""),
  );
