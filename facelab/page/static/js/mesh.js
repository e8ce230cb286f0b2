// A textured mesh that can be turned, in WebGL 2.

import { h } from "./dom.js";
import { words } from "./words.js";

const VERTEX = `#version 300 es
in vec3 place; in vec2 uv; uniform mat3 turn; uniform vec2 scale; out vec2 at;
void main() { vec3 seen = turn * place; at = uv; gl_Position = vec4(seen.xy * scale, -seen.z * 0.4, 1.0); }`;
const FRAGMENT = `#version 300 es
precision highp float; in vec2 at; uniform sampler2D skin; out vec4 colour;
void main() { colour = texture(skin, at); if (!gl_FrontFacing) colour.rgb *= 0.35; }`;

// A canvas with the mesh of `data`, as facelab/page/views.py lays it out; null where there is no WebGL 2.
export function meshCanvas(data, image) {
  const canvas = h("canvas", { class: "other", tabindex: "0", role: "img", "aria-label": words.see.mesh });
  const gl = canvas.getContext("webgl2", { antialias: true, alpha: true, premultipliedAlpha: false });
  if (!gl) return null;
  const [vertices, triangles] = new Uint32Array(data, 0, 2);
  const places = new Float32Array(data, 8, vertices * 3);
  const uv = new Float32Array(data, 8 + vertices * 12, vertices * 2);
  const indices = new Uint32Array(data, 8 + vertices * 20, triangles * 3);
  const program = linked(gl);
  gl.useProgram(program);
  attribute(gl, program, "place", places, 3);
  attribute(gl, program, "uv", uv, 2);
  gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, gl.createBuffer());
  gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, indices, gl.STATIC_DRAW);
  gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, image);
  gl.generateMipmap(gl.TEXTURE_2D);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR_MIPMAP_LINEAR);
  gl.enable(gl.DEPTH_TEST);

  let yaw = 0.5, pitch = 0.1, zoom = 1.5;
  function draw() {
    const { clientWidth: width, clientHeight: height } = canvas;
    if (!width || !height) return;
    canvas.width = width * devicePixelRatio;
    canvas.height = height * devicePixelRatio;
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    const [cy, sy, cp, sp] = [Math.cos(yaw), Math.sin(yaw), Math.cos(pitch), Math.sin(pitch)];
    gl.uniformMatrix3fv(gl.getUniformLocation(program, "turn"), false, [cy, sp * sy, -cp * sy, 0, cp, sp, sy, -sp * cy, cp * cy]);
    const side = Math.min(width, height);
    gl.uniform2f(gl.getUniformLocation(program, "scale"), (zoom * side) / width, (zoom * side) / height);
    gl.drawElements(gl.TRIANGLES, indices.length, gl.UNSIGNED_INT, 0);
  }
  const turn = (across, down) => { yaw += across; pitch = Math.max(-1.5, Math.min(1.5, pitch + down)); draw(); };
  const zoomBy = (factor) => { zoom = Math.max(0.3, Math.min(12, zoom * factor)); draw(); };
  canvas.addEventListener("pointerdown", (event) => canvas.setPointerCapture(event.pointerId));
  canvas.addEventListener("pointermove", (event) => { if (event.buttons & 1) turn(event.movementX * 0.01, event.movementY * 0.01); });
  canvas.addEventListener("wheel", (event) => { event.preventDefault(); event.stopPropagation(); zoomBy(Math.exp(-event.deltaY * 0.0015)); }, { passive: false });
  canvas.addEventListener("keydown", (event) => {
    const turns = { ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, -0.1], ArrowDown: [0, 0.1] }[event.key];
    const factor = { "+": 1.2, "=": 1.2, "-": 1 / 1.2 }[event.key];
    if (turns) turn(...turns); else if (factor) zoomBy(factor); else return;
    event.preventDefault();
    event.stopPropagation();
  });
  new ResizeObserver(draw).observe(canvas);
  return canvas;
}

function linked(gl) {
  const program = gl.createProgram();
  for (const [kind, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) throw new Error(gl.getShaderInfoLog(shader));
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  return program;
}

function attribute(gl, program, name, values, size) {
  gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
  gl.bufferData(gl.ARRAY_BUFFER, values, gl.STATIC_DRAW);
  const at = gl.getAttribLocation(program, name);
  gl.enableVertexAttribArray(at);
  gl.vertexAttribPointer(at, size, gl.FLOAT, false, 0, 0);
}
