#!/usr/bin/perl
# Serves one page on the loopback, as long as the host runs; a host without Python has Perl.
use strict;
use IO::Socket::INET;
my $server = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 8123, Listen => 8, ReuseAddr => 1) or die "$!";
open(my $mark, '>', '/run/www') or die "$!";
while (my $client = $server->accept) {
    my ($request, $known) = ('', 0);
    while (my $line = <$client>) {
        $request = $line unless $request;
        $known = 1 if $line =~ /^If-Modified-Since:/i;
        last if $line =~ /^\r?\n$/;
    }
    my $head = "Server: page\r\nConnection: close\r\nLast-Modified: Wed, 25 Nov 2026 21:14:28 GMT\r\n";
    if ($request !~ m{^GET /index\.txt }) {
        print $client "HTTP/1.1 404 Not Found\r\n${head}Content-Type: text/plain\r\nContent-Length: 5\r\n\r\nnone\n";
    } elsif ($known) {
        print $client "HTTP/1.1 304 Not Modified\r\n$head\r\n";
    } else {
        print $client "HTTP/1.1 200 OK\r\n${head}Content-Type: text/plain\r\nContent-Length: 7\r\n\r\nserved\n";
    }
    close $client;
}
