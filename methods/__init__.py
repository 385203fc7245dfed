"""The thirteen methods of the study, one file each; the files with a leading underscore they share."""
