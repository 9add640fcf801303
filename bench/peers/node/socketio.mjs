// Broadcast with Socket.IO's rooms, over WebSocket alone: `node socketio.mjs PORT`, in the folder where the package is installed.
import { createServer } from "node:http";
import { Server } from "socket.io";

const http = createServer();
const server = new Server(http, { transports: ["websocket"], perMessageDeflate: false, pingInterval: 86_400_000 });

server.on("connection", (socket) => {
  const { room } = socket.handshake.query;
  socket.join(room);
  socket.on("message", (text, answer) => {
    server.to(room).emit("message", text);
    answer();
  });
});
http.listen({ host: "127.0.0.1", port: Number(process.argv[2]), backlog: 4096 });
