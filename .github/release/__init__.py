"""What a release says of itself: licences and parts."""
