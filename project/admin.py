"""What the admin panel does not show of the libraries: groups are our staff roles, and a job's arguments may hold codes and addresses."""

from django.contrib import admin
from django.contrib.auth.models import Group
from procrastinate.contrib.django.models import ProcrastinateJob

admin.site.unregister(Group)
admin.site.unregister(ProcrastinateJob)
