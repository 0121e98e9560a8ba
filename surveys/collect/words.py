"""What the page without network says, in the reader's language."""

from __future__ import annotations

from django.utils.translation import gettext as _


def words() -> dict[str, str]:
    return {
        "add": _("Add another"),
        "allForms": _("Questionnaires"),
        "anotherUser": _(
            "This device also keeps unsent records of another surveyor. They wait until "
            "that person signs in here."
        ),
        "back": _("Back"),
        "barcode": _("Scan with the camera"),
        "cantOpen": _("This questionnaire can't be opened in the browser."),
        "choose": _("Choose"),
        "clear": _("Clear"),
        "clock": _(
            "This device's clock is wrong by %(minutes)s minutes. Set it, so that times "
            "of interviews are right."
        ),
        "correct": _("Correct"),
        "corrections": _("Sent back to you"),
        "delete": _("Delete"),
        "deleteDraft": _("Delete this draft for good? Its answers are lost."),
        "discardQueued": _("Delete this unsent record for good? It was not received."),
        "done": _("%(done)s of %(total)s parcels visited"),
        "draftSaved": _("Saved on this device"),
        "drafts": _("Drafts"),
        "empty": _("No round is open. The office opens one."),
        "fetching": _("Loading questionnaires and parcels…"),
        "file": _("Choose a file"),
        "findParcel": _("Search by number"),
        "finish": _("Finish and send"),
        "finishHint": _("It is kept on this device until the server has confirmed it."),
        "full": _(
            "The device's storage is full: the last answers are not saved. Send what "
            "waits, or free some space; keep this page open."
        ),
        "getLocation": _("Take my position"),
        "accuracy": _("Accuracy %(metres)s m"),
        "language": _("Language"),
        "locating": _("Searching for satellites…"),
        "noCamera": _("The camera can't be used. Type the code."),
        "noLocation": _("The position can't be found. Check the phone's settings."),
        "jump": _("Parts of the questionnaire"),
        "loggedOut": _(
            "You are signed out. Nothing is lost: sign in, and the queue goes on."
        ),
        "lowSpace": _("Less than 50 MB are free on this device."),
        "map": _("Map of parcels"),
        "myLocation": _("My position"),
        "newVersion": _("A new version of this page is ready."),
        "next": _("Next"),
        "nearest": _("Next parcels"),
        "noMatch": _("No parcel has this number."),
        "none": _("No answer"),
        "notInteger": _("Write a whole number."),
        "notNumber": _("Write a number."),
        "offline": _("No network"),
        "online": _("Online"),
        "of": _("%(number)s of %(total)s"),
        "open": _("Continue"),
        "openMap": _("Choose on the map"),
        "outbox": _("To be sent"),
        "parcel": _("Parcel %(code)s"),
        "household": _("Household %(code)s"),
        "photo": _("Take or choose a photo"),
        "point": _("Touch the map to set the point."),
        "points": _("Touch the map to add points, in order."),
        "problem": _("Problem"),
        "refresh": _("Load again"),
        "refused": _("The server refused it: %(message)s"),
        "reload": _("Reload"),
        "remove": _("Remove"),
        "removeRepeat": _("Remove this entry? Its answers are lost."),
        "required": _("This question needs an answer."),
        "invalid": _("This answer can't be right."),
        "retryAt": _("Next try at %(time)s"),
        "rank": _("Move the most important to the top."),
        "up": _("Up"),
        "down": _("Down"),
        "save": _("Keep as a draft"),
        "search": _("Search"),
        "sending": _("Being sent…"),
        "sendNow": _("Send now"),
        "sent": _("Received by the server"),
        "signIn": _("Sign in"),
        "signOutWarning": _(
            "Some records were not sent yet. They stay on this device until you sign in "
            "here again. Sign out?"
        ),
        "start": _("Start"),
        "stopScanning": _("Close the camera"),
        "storedAt": _("Questionnaires of %(time)s"),
        "undo": _("Undo"),
        "update": _("Update"),
        "violations": _("Answers are missing or can't be right:"),
        "visited": _("Visited"),
        "waiting": _("waits for network"),
        "zoomIn": _("Zoom in"),
        "zoomOut": _("Zoom out"),
        "yes": _("Yes, understood"),
        "selected": _("Chosen: %(name)s"),
        "section": _("Part %(number)s of %(total)s"),
        "more": _("Show more"),
        "blank": _("Start without a parcel"),
    }
