#!/usr/bin/perl
# The tests' app: says who it is. The name is put in for each release; "sick" never gets healthy.
use strict;
use warnings;
use IO::Socket::INET;

my $version = '@VERSION@';
$| = 1;
print "$version starts\n";
my $server = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $ARGV[0], Listen => 128, ReuseAddr => 1) or die "$!\n";
while (my $client = $server->accept) {
    my $line = <$client>;
    while (defined(my $head = <$client>)) { last if $head =~ /^\r?\n$/ }
    my $status = $version eq 'sick' ? '500 No' : '200 OK';
    print $client "HTTP/1.1 $status\r\nContent-Length: " . (length($version) + 1) . "\r\nConnection: close\r\n\r\n$version\n";
    close $client;
}
