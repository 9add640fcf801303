"""What the admin panel does not show of the libraries, and nobody edits there: it would pass by our actions, and some of it is secret.

Groups are our staff roles; a job's arguments may tell of people; allauth's tables hold addresses, second factors and tokens.
"""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib import admin
from django.contrib.auth.models import Group
from procrastinate.contrib.django.models import ProcrastinateJob

for model in (Group, ProcrastinateJob, EmailAddress, Authenticator, SocialAccount, SocialApp, SocialToken):
    admin.site.unregister(model)
