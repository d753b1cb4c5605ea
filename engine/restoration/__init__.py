"""Restoration of pictures: noise, blur and compression taken out, by as much as a slider says."""
