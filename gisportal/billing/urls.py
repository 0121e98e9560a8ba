from django.urls import path

from gisportal.billing.views import desk, own, paying, receipts

app_name = "billing"
urlpatterns = [
    path("", own.bills, name="list"),
    path("claim/", own.claim, name="claim"),
    path("bill/<slug:number>/", own.detail, name="detail"),
    path("pay/<slug:account>/", paying.pay, name="pay"),
    path("payments/<slug:reference>/", paying.payment, name="payment"),
    path("payments/<slug:reference>/checkout/", paying.checkout, name="checkout"),
    path("payments/<slug:reference>/resume/", paying.resume, name="resume"),
    path("payments/<slug:reference>/return/", paying.come_back, name="return"),
    path("payments/<slug:reference>/cancel/", paying.cancel, name="cancel"),
    path("receipts/", receipts.receipts, name="receipts"),
    path("receipts/<slug:number>/", receipts.receipt, name="receipt"),
    path("receipts/<slug:number>/pdf/", receipts.pdf, name="receipt_pdf"),
    path("verify/<slug:code>/", receipts.verify, name="verify"),
    path("desk/", desk.accounts, name="desk"),
    path("desk/<slug:account>/", desk.account, name="account"),
    path("desk/<slug:account>/issue/", desk.issue, name="issue"),
    path("desk/<slug:account>/cash/", desk.cash, name="cash"),
]
