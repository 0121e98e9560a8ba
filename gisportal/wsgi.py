import os

from django.core.wsgi import get_wsgi_application

from gisportal.chunked import KnownLength
from gisportal.database import refuse_unsafe_database

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gisportal.settings")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

application = KnownLength(get_wsgi_application())
refuse_unsafe_database()
