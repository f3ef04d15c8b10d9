#!/usr/bin/env bash
# free_port.sh [PREFERRED] : prints PREFERRED if it is free on loopback, else some free port.
# Chosen below the range that the kernel hands to outgoing connections, so that it stays free.
exec perl -MIO::Socket::INET -e '
  sub is_free { IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1", LocalPort => $_[0], ReuseAddr => 1) }
  for my $port (grep($_, @ARGV), map { 20000 + int rand 12000 } 1 .. 200) {
    if (is_free($port)) { print "$port\n"; exit 0 }
  }
  print STDERR "free_port.sh: found none\n"; exit 1;
' "$@"
