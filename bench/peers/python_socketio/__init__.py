"""python-socketio: Socket.IO's protocol on uvicorn. It keeps nothing and authenticates nobody."""
