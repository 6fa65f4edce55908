#!/bin/sh
echo "report of $1" > /srv/app/report
