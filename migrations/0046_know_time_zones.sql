-- Is there a time zone of this name, written as the lists of zones write it? pg_timezone_names says so
-- too, but reads every zone's file for each question.
--
-- A setting takes what the server can read as a zone and gives its name as the list has it: another case
-- of letters is no name, nor is an interval or a number. What holds a digit can also be a rule instead of
-- a name ("FOO+3"), and few names do: the list is asked for those.

create function time_zone_known(zone text) returns boolean
    language plpgsql volatile set timezone = 'UTC' as $$
begin
    if zone ~ '[0-9]' then
        return exists (select from pg_timezone_names where name = zone);
    end if;
    return coalesce(set_config('TimeZone', zone, true) = zone, false);
exception when data_exception then
    return false;
end $$;
