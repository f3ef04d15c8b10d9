# What every guard shares. A guard is `guard ROOT`: it prints what it checked, or each fault as
# file:line: text and exits 1. A guard that cannot find its input fails.
package Guard;
use strict;
use warnings;
use Exporter 'import';
our @EXPORT = qw(root files tracked text code lines_of fault finish same_sets);

my ($name) = $0 =~ m{([^/]+)$};
my ($root) = @ARGV;
my $faults = 0;
die "usage: $name ROOT\n" unless defined $root && -d $root;

sub root { $root }

sub fault {
    my ($where, $text) = @_;
    $faults++;
    print "$name: $where: $text\n";
}

sub finish {
    my ($what) = @_;
    if ($faults) { print "$name: $faults faults ($what)\n"; exit 1 }
    print "$name: $what\n";
    exit 0;
}

sub walk {
    my ($dir, $found) = @_;
    opendir my $handle, "$root/$dir" or return;
    for my $entry (sort readdir $handle) {
        next if $entry =~ /^\.\.?$|^\.git$|^\.run$|^build$|^node_modules$/;
        my $path = $dir eq '.' ? $entry : "$dir/$entry";
        if (-d "$root/$path" && !-l "$root/$path") { walk($path, $found) }
        else { push @$found, $path }
    }
}

# all files under the folders whose path matches; none at all is a fault
sub files {
    my ($pattern, @dirs) = @_;
    my @found;
    for my $dir (@dirs) {
        my @here;
        walk($dir, \@here);
        @here = grep { /$pattern/ } @here;
        fault($dir, 'nothing to check') unless @here;
        push @found, @here;
    }
    return @found;
}

# what git knows, or everything where there is no repository
sub tracked {
    my @list;
    if (-e "$root/.git") {
        open my $git, '-|', 'git', '-C', $root, 'ls-files', '-z' or die "git: $!\n";
        local $/ = "\0";
        while (my $path = <$git>) { chomp $path; push @list, $path if -f "$root/$path" }
    } else {
        walk('.', \@list);
    }
    fault('.', 'nothing to check') unless @list;
    return @list;
}

sub text {
    my ($path) = @_;
    open my $in, '<', "$root/$path" or do { fault($path, 'missing'); finish('input missing') };
    local $/;
    my $text = <$in>;
    return defined $text ? $text : '';
}

# C without comments, strings and character constants; line numbers stay
sub code {
    my ($path) = @_;
    my $text = text($path);
    $text =~ s{(/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')}
              { my $cut = $1; my $keep = substr($cut, 0, 1) =~ /["']/ ? substr($cut, 0, 1) x 2 : ' ';
                $keep . ("\n" x ($cut =~ tr/\n//)) }gesx;
    return $text;
}

sub lines_of {
    my ($text) = @_;
    return split /\n/, $text, -1;
}

# two tables that must name the same things
sub same_sets {
    my ($a_name, $a, $b_name, $b) = @_;
    fault($a_name, 'no rows found') unless %$a;
    fault($b_name, 'no rows found') unless %$b;
    for (sort keys %$a) { fault($b_name, "lacks $_, which $a_name has") unless $b->{$_} }
    for (sort keys %$b) { fault($a_name, "lacks $_, which $b_name has") unless $a->{$_} }
}

1;
