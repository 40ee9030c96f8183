"""The one error that a user can cause."""


class InputError(ValueError):
    """Bad input, as one sentence that names the file, the field and the remedy.

    Commands print it and exit with code 2; the app shows it as a message. Anything else that is raised is a
    defect of this project and keeps its traceback.
    """
