"""What the user asks for: one public function a file."""
