#!/usr/bin/perl
# The tests' app: says who it is. The name is put in for each release; "sick" never gets healthy. What it answers for
# /cache is what the Redis of CACHE_URL answers: 200 if it is one that it can ask.
use strict;
use warnings;
use IO::Socket::INET;

my $version = '@VERSION@';
$| = 1;
print "$version starts\n";
my $server = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $ARGV[0], Listen => 128, ReuseAddr => 1) or die "$!\n";

sub cache {
    my ($user, $password, $at) = ($ENV{CACHE_URL} // '') =~ m{^redis://(?:([^:@]*):([^@]*)\@)?([^/]+)} or return 'none';
    my $redis = IO::Socket::INET->new(PeerAddr => $at, Timeout => 2) or return "no $at";
    $password =~ s/%(..)/chr hex $1/ge if defined $password;
    print $redis defined $password ? "AUTH $password\r\n" : '', "PING\r\n";
    my @answers = map { scalar <$redis> // '' } defined $password ? (1, 2) : (1);
    return $answers[-1] =~ /^\+PONG/ ? undef : $answers[-1];
}

while (my $client = $server->accept) {
    my $line = <$client>;
    my $length = 0;
    while (defined(my $head = <$client>)) {
        last if $head =~ /^\r?\n$/;
        $length = $1 if $head =~ /^Content-Length: (\d+)/i;
    }
    read($client, my $body, $length) if $length;
    my $lacks = $line =~ m{ /cache } ? cache() : undef;
    print "cache: $lacks\n" if defined $lacks;
    my $status = $version eq 'sick' || defined $lacks ? '500 No' : '200 OK';
    print $client "HTTP/1.1 $status\r\nContent-Length: " . (length($version) + 1) . "\r\nConnection: close\r\n\r\n$version\n";
    close $client;
}
